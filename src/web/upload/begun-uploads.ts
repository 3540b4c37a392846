import { userName } from '../dav/dav.ts'
import { now } from '../format.ts'
import { remembered } from './browser-memory.ts'
import { Claims } from './claims.ts'
import type { Remembered, UploadFacts } from './remembered.ts'
import { canProve } from './sent-proof.ts'
import type { UploadItem } from './types.ts'
import type { SendAnswer } from './xhr.ts'

/** How long the node keeps an upload after its last byte, unless it says. */
const KEPT_MS = 86_400_000

/** Two that send to one address would end each other. An item has its own until it is at its end. */
export const claims = new Claims<UploadItem>(navigator.locks)

/** Where an upload of such a file began, before the page was loaded anew or by another choice of it. */
export function findBegun(item: UploadItem, file: File): Remembered | undefined {
  return remembered.find(factsOf(item, file))
}

/** Remembers where it goes on, for as long as this answer of the node says. */
export function keepBegun(item: UploadItem, file: File, answer?: SendAnswer): void {
  const { begun } = item
  // What cannot be compared later is begun anew.
  if (begun === undefined || !canProve()) return
  if (answer !== undefined) begun.expiresAtMs = expiryOf(answer)
  const { address, expiresAtMs, proofs } = begun
  remembered.keep(factsOf(item, file), { address, expiresAtMs, proofs })
}

/** It has become a file, is another file, or the node does not know it any more. */
export function forgetBegun(item: UploadItem, file: File, address: string): void {
  remembered.forget(factsOf(item, file), address)
}

/** When the node will have forgotten it. */
export function expiryOf(answer: SendAnswer): number {
  const saidMs = Date.parse(answer.header('Upload-Expires') ?? '')
  return Number.isNaN(saidMs) ? now() + KEPT_MS : saidMs
}

function factsOf(item: UploadItem, file: File): UploadFacts {
  const { path, overwrite } = item
  const where = item.begun?.path ?? path
  return { user: userName(), path: where, sizeBytes: file.size, modifiedMs: file.lastModified, overwrite }
}
