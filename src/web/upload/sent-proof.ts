import { type Checksum, checksumOf, nextPiece, readBytes } from './slices.ts'

/** What the bytes of a file up to here are: the digest of the last piece, together with the proof before it. */
export interface Proof {
  endBytes: number
  digest: string
}

export const NOTHING_SENT: Proof = { endBytes: 0, digest: '' }

/** Whether the browser can tell contents apart, which is not the case without https. */
export function canProve(): boolean {
  return globalThis.crypto?.subtle !== undefined
}

/** The proof of one piece more; undefined where there are no digests. */
export async function proofWith(
  before: Proof,
  endBytes: number,
  piece: Checksum | undefined,
): Promise<Proof | undefined> {
  if (piece === undefined) return undefined
  const both = await checksumOf(new TextEncoder().encode(before.digest + piece.hex))
  return both && { endBytes, digest: both.hex }
}

/** Reads the file, a piece at a time, up to the end of a piece. Throws `UnreadableFileError`. */
export async function proofUpTo(
  file: Blob,
  endBytes: number,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  let proof: Proof | undefined = NOTHING_SENT
  while (proof !== undefined && proof.endBytes < endBytes) {
    signal.throwIfAborted()
    const { start, end } = nextPiece(proof.endBytes, file.size)
    proof = await proofWith(proof, end, await checksumOf(await readBytes(file.slice(start, end))))
  }
  return proof
}

/**
 * Whether the file has, up to this offset, what these proofs were made of. Part of a piece is right when the whole
 * piece is, so a proof is made before its piece is sent.
 */
export async function isProven(
  file: Blob,
  offsetBytes: number,
  proofs: readonly Proof[],
  signal: AbortSignal,
): Promise<boolean> {
  if (offsetBytes === 0) return true
  const { end } = nextPiece(offsetBytes - 1, file.size)
  const wanted = proofs.find(({ endBytes }) => endBytes === end)
  return wanted !== undefined && (await proofUpTo(file, end, signal))?.digest === wanted.digest
}
