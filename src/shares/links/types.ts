import type { LinkRole, OutgoingShare } from '../types.ts'

/** A share that is open to whoever has its link. */
export interface PublicLink {
  share: OutgoingShare
  /** Sealed, to show the link to its owner again; what we verify is its hash. */
  tokenSealed: string
  passwordHash: string | undefined
  /** How often a file was fetched from its beginning. */
  downloads: number
}

/** What is to be different about a link; what is left out stays. */
export interface LinkChange {
  role?: LinkRole | undefined
  label?: string | undefined
  note?: string | undefined
  /** `null`: no password any more. */
  password?: string | null | undefined
  /** `null`: without end. */
  expiresAtMs?: number | null | undefined
}

/** Hashes passwords; the one of accounts. */
export interface Passwords {
  hash(password: string): Promise<string>
  verify(password: string, hash: string): Promise<boolean>
}
