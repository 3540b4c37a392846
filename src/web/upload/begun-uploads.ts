import { userName } from '../dav/dav.ts'
import { now } from '../format.ts'
import { RememberedUploads, type UploadFacts } from './remembered.ts'
import type { UploadItem } from './types.ts'
import type { SendAnswer } from './xhr.ts'

/** How long the node keeps an upload after its last byte, unless it says. */
const KEPT_MS = 86_400_000

const remembered = new RememberedUploads(storage(), now)
/** What goes on just now: the same file chosen twice is two uploads. */
const inUse = new Set<string>()

/** Where an upload of this very file began, before the page was loaded anew or by another choice of it. */
export function findBegun(item: UploadItem, file: File): string | undefined {
  const address = remembered.find(factsOf(item, file))
  return address === undefined || inUse.has(address) ? undefined : address
}

/** Remembers where it goes on, for as long as this answer of the node says. */
export function keepBegun(item: UploadItem, file: File, answer: SendAnswer): void {
  const { begun } = item
  if (begun === undefined) return
  const saidMs = Date.parse(answer.header('Upload-Expires') ?? '')
  const expiresAtMs = Number.isNaN(saidMs) ? now() + KEPT_MS : saidMs
  remembered.keep(factsOf(item, file), { address: begun.address, expiresAtMs })
}

/** It has become a file, or the node does not know it any more. */
export function forgetBegun(item: UploadItem, file: File): void {
  remembered.forget(factsOf(item, file))
}

/** Nobody else goes on with it meanwhile. */
export async function whileInUse<T>(address: string, work: () => Promise<T>): Promise<T> {
  inUse.add(address)
  try {
    return await work()
  } finally {
    inUse.delete(address)
  }
}

function factsOf(item: UploadItem, file: File): UploadFacts {
  const { path, overwrite } = item
  const where = item.begun?.path ?? path
  return { user: userName(), path: where, sizeBytes: file.size, modifiedMs: file.lastModified, overwrite }
}

/** Some browsers refuse even to be asked. */
function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  try {
    return window.localStorage
  } catch {
    return { getItem: () => null, setItem: () => undefined }
  }
}
