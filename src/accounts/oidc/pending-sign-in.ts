import type { Seal } from '../../platform/seal.ts'

/** What has to be known again when somebody comes back from the provider; in a cookie, sealed. */
export interface PendingSignIn {
  state: string
  nonce: string
  codeVerifier: string
  returnTo: string
  expiresAtMs: number
  /** Whom the identity is to belong to, when a signed-in user asked for that. */
  linkTo?: string
}

/** Sealed values of other purposes must not pass for this. */
const PURPOSE = 'oidc-sign-in'

export function sealPending(seal: Seal, pending: PendingSignIn): string {
  return seal.seal(JSON.stringify([PURPOSE, pending]))
}

/** Undefined for what is not ours, damaged, or too old. */
export function openPending(seal: Seal, text: string | undefined, nowMs: number): PendingSignIn | undefined {
  const pending = openSealed<PendingSignIn>(seal, PURPOSE, text)
  return pending !== undefined && pending.expiresAtMs > nowMs ? pending : undefined
}

/** Undefined for what was not sealed here for this purpose. */
export function openSealed<T>(seal: Seal, purpose: string, text: string | undefined): T | undefined {
  if (text === undefined || text.length > 12_000) return undefined
  try {
    const [was, value] = JSON.parse(seal.open(text)) as [string, T]
    return was === purpose ? value : undefined
  } catch {
    return undefined
  }
}
