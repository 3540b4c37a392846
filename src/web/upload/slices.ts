import { UnreadableFileError } from './types.ts'

/** The bytes of a part of a file; throws `UnreadableFileError` when it was changed or removed since it was chosen. */
export async function readBytes(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer()
  } catch (error) {
    throw new UnreadableFileError('The file could not be read.', { cause: error })
  }
}

export interface Checksum {
  hex: string
  base64: string
}

/** SHA-256; undefined where the browser has none, which is the case without https. */
export async function checksumOf(
  bytes: ArrayBuffer | Uint8Array<ArrayBuffer>,
): Promise<Checksum | undefined> {
  if (globalThis.crypto?.subtle === undefined) return undefined
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return {
    hex: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    base64: btoa(String.fromCharCode(...digest)),
  }
}

const PIECE_BYTES = 16 * 1024 * 1024
/** The node takes 10,000 pieces for one file; interruptions make some of them smaller. */
const MAX_PIECES = 8_000

/** Which bytes go next, both ends as for `slice`. What was interrupted goes up to where its piece would have ended. */
export function nextPiece(offsetBytes: number, sizeBytes: number): { start: number; end: number } {
  const end = pieceStart(offsetBytes, sizeBytes) + pieceBytesOf(sizeBytes)
  return { start: offsetBytes, end: Math.min(sizeBytes, end) }
}

/** Where the piece begins in which this byte is. */
export function pieceStart(offsetBytes: number, sizeBytes: number): number {
  return offsetBytes - (offsetBytes % pieceBytesOf(sizeBytes))
}

function pieceBytesOf(sizeBytes: number): number {
  return Math.max(PIECE_BYTES, Math.ceil(sizeBytes / MAX_PIECES))
}

/** `Upload-Metadata` of tus: names with values in Base64 of their UTF-8. */
export function tusMetadata(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${toBase64(value)}`)
    .join(',')
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
