import { createHash } from 'node:crypto'

/**
 * The id of a share for servers whose tables hold numbers: always the same of one share, 1 to 2^31 - 1. Two
 * shares may have the same; which one is meant the secret tells.
 */
export function shareNumber(id: string): string {
  const bits = createHash('sha256').update(id).digest().readUInt32BE() & 0x7fff_ffff
  return String(Math.max(1, bits))
}
