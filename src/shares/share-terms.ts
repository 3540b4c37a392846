/** What may change about a share while it lives, given or received. */
export interface ShareTerms {
  role: string
  note: string
  expiresAtMs: number | undefined
  mayReshare?: boolean | undefined
}

/** The columns of these, in the tables of both sides. */
export function toTermColumns({ role, note, expiresAtMs, mayReshare }: ShareTerms) {
  return { role, note, expires_at_ms: expiresAtMs ?? null, may_reshare: mayReshare ? 1 : 0 }
}
