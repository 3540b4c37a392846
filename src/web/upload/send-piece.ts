import { keepBegun } from './begun-uploads.ts'
import { type Proof, proofUpTo, proofWith } from './sent-proof.ts'
import { type Checksum, checksumOf, nextPiece, pieceStart, readBytes } from './slices.ts'
import type { SendOptions, UploadItem } from './types.ts'
import { sendByXhr } from './xhr.ts'

export const TUS = { 'Tus-Resumable': '1.0.0' }

/** Sends what follows this offset, and remembers beforehand what it is. Returns the offset after it. */
export async function sendPiece(
  item: UploadItem,
  file: File,
  offset: number,
  { signal, onProgress }: SendOptions,
): Promise<number> {
  const { start, end } = nextPiece(offset, file.size)
  const body = await readBytes(file.slice(start, end))
  const sha256 = await checksumOf(body)
  if (item.begun !== undefined && body.byteLength > 0) {
    item.begun.proofs = await proofsWith(item.begun.proofs, file, { start, end, sha256 }, signal)
    // Whoever signed out meanwhile is not remembered.
    signal.throwIfAborted()
    keepBegun(item, file)
  }
  const answer = await sendByXhr({
    method: 'PATCH',
    address: item.begun?.address ?? '',
    headers: {
      ...TUS,
      'Upload-Offset': `${start}`,
      'Content-Type': 'application/offset+octet-stream',
      ...(sha256 === undefined || body.byteLength === 0
        ? {}
        : { 'Upload-Checksum': `sha256 ${sha256.base64}` }),
      // Only said of what was chosen to be replaced after all was sent.
      ...(item.overwrite && body.byteLength === 0 ? { 'If-Match': '*' } : {}),
    },
    body,
    signal,
    onProgress: (sent) => onProgress(start + sent),
  })
  keepBegun(item, file, answer)
  return end
}

interface SentPiece {
  start: number
  end: number
  sha256: Checksum | undefined
}

/** The proofs of what is before this piece and of what is there with it. */
async function proofsWith(
  proofs: readonly Proof[],
  file: File,
  { start, end, sha256 }: SentPiece,
  signal: AbortSignal,
): Promise<Proof[]> {
  if (sha256 === undefined) return []
  const first = pieceStart(start, file.size)
  const before = proofs.find(({ endBytes }) => endBytes === first) ?? (await proofUpTo(file, first, signal))
  if (before === undefined) return []
  // The rest of a piece that was interrupted: its proof is that of the whole.
  const whole = first === start ? sha256 : await checksumOf(await readBytes(file.slice(first, end)))
  const after = await proofWith(before, end, whole)
  return after === undefined ? [] : [before, after]
}
