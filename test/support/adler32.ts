import { Adler32 } from '../../src/platform/adler32.ts'

/** Adler-32 of a text, 8 digits. */
export function adler32Hex(text: string): string {
  const hash = new Adler32()
  hash.update(Buffer.from(text))
  return hash.digestHex()
}
