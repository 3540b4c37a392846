import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'

/** A fresh, opaque identifier (UUID v4) for rows and messages. */
export function newId(): string {
  return randomUUID()
}

/**
 * A fresh identifier for rows that come by the thousand (UUID v7, RFC 9562 5.7): those of one moment stand beside
 * each other in an index, where random ones touch a page each. Its beginning tells when it was made.
 */
export function newOrderedId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** A fresh secret: `bytes` random bytes as base64url without padding. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** SHA-256 of a text in lower-case hex; how secrets that we verify are stored. */
export function sha256Hex(text: string): string {
  return hash('sha256', text)
}

/** Compares two texts in time that does not depend on where they differ. */
export function equalSecrets(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  // Hashes of one kind have one length; of others, the length may not show either.
  if (left.length === right.length) return timingSafeEqual(left, right)
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}

/** The UUID of a name in a name space (RFC 9562 5.5). */
export function uuid5(space: string, name: string): string {
  const seed = Buffer.concat([Buffer.from(space.replaceAll('-', ''), 'hex'), Buffer.from(name)])
  const bytes = hash('sha1', seed, 'buffer').subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
