import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'

/** A fresh, opaque identifier (UUID v4) for rows and messages. */
export function newId(): string {
  return randomUUID()
}

/** A fresh secret: `bytes` random bytes as base64url without padding. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** SHA-256 of a text in lower-case hex; how secrets that we verify are stored. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Compares two texts in time that does not depend on where they differ. */
export function equalSecrets(a: string, b: string): boolean {
  const left = createHash('sha256').update(a).digest()
  const right = createHash('sha256').update(b).digest()
  return timingSafeEqual(left, right)
}
