import { isProblem } from '../api.ts'
import { tusAddress } from '../dav/dav.ts'
import { nameOf, parentOf } from '../dav/paths.ts'
import { claims, expiryOf, findBegun, forgetBegun, keepBegun } from './begun-uploads.ts'
import { sendPiece, TUS } from './send-piece.ts'
import { isProven, NOTHING_SENT } from './sent-proof.ts'
import { tusMetadata } from './slices.ts'
import type { SendOptions, UploadItem } from './types.ts'
import { type SendAnswer, sendByXhr } from './xhr.ts'

/**
 * A file in pieces (tus 1.0). What has begun is gone on with where the node says it stopped, also when the page was
 * loaded anew meanwhile. 412 means that something of that name is there; also at the end, when it came meanwhile.
 */
export async function sendLarge(item: UploadItem, file: File, options: SendOptions): Promise<void> {
  const { signal } = options
  // Under another name it is another upload.
  if (item.begun !== undefined && item.begun.path !== item.path) await giveUp(item, file, signal)
  const known = (await findOffset(item, file, signal)) ?? (await findEarlier(item, file, signal))
  if (known === undefined) await begin(item, file, signal)
  await sendRest(item, file, known ?? 0, options)
  if (item.begun !== undefined) forgetBegun(item, file, item.begun.address)
}

async function sendRest(item: UploadItem, file: File, from: number, options: SendOptions): Promise<void> {
  let offset = from
  options.onFound(offset)
  // All of it is there, but it did not become a file yet: an empty piece tries that again.
  if (offset === file.size) await sendPiece(item, file, offset, options)
  while (offset < file.size) offset = await sendPiece(item, file, offset, options)
}

/** How far the node has it; undefined when it must begin anew. */
async function findOffset(item: UploadItem, file: File, signal: AbortSignal): Promise<number | undefined> {
  if (item.begun === undefined) return undefined
  const { address } = item.begun
  // Somebody else goes on with it when this was at its end meanwhile.
  const isOurs = await claims.claim(address, item)
  const answer = isOurs ? await ask(address, signal) : undefined
  if (answer !== undefined) return Number(answer.header('Upload-Offset'))
  if (isOurs) forgetBegun(item, file, address)
  item.begun = undefined
  return undefined
}

/** The same of what was begun before the page was loaded, if it is still on its way and nobody is at it. */
async function findEarlier(item: UploadItem, file: File, signal: AbortSignal): Promise<number | undefined> {
  const begun = findBegun(item, file)
  if (begun === undefined || !(await claims.claim(begun.address, item))) return undefined
  const { address, expiresAtMs, proofs } = begun
  const answer = await ask(address, signal)
  // What has become a file since may have been deleted or changed: only another upload brings this one.
  const isOnItsWay = answer?.header('Upload-Length') === `${file.size}` && answer.header('OC-FileId') === null
  if (answer === undefined || !isOnItsWay) {
    forgetBegun(item, file, address)
    return undefined
  }
  const offset = Number(answer.header('Upload-Offset'))
  const isSame = await isProven(file, offset, proofs, signal)
  item.begun = { address, expiresAtMs, proofs, path: item.path }
  if (isSame) return offset
  // Same name, size and time, but other bytes: the two would become one file.
  await giveUp(item, file, signal)
  return undefined
}

/** What the node says of an upload; undefined when it knows none. */
async function ask(address: string, signal: AbortSignal): Promise<SendAnswer | undefined> {
  try {
    return await sendByXhr({ method: 'HEAD', address, headers: TUS, signal })
  } catch (error) {
    if (!isProblem(error) || ![403, 404, 410].includes(error.status)) throw error
    return undefined
  }
}

async function begin(item: UploadItem, file: File, signal: AbortSignal): Promise<void> {
  const answer = await sendByXhr({
    method: 'POST',
    address: tusAddress(parentOf(item.path)),
    headers: {
      ...TUS,
      'Upload-Length': `${file.size}`,
      'Upload-Metadata': tusMetadata({
        filename: nameOf(item.path),
        mtime: `${Math.floor(file.lastModified / 1000)}`,
      }),
      ...(item.overwrite ? {} : { 'If-None-Match': '*' }),
    },
    signal,
  })
  const location = answer.header('Location')
  if (location === null) throw new Error('The node began an upload without saying where.')
  // Behind a proxy the node may know itself by another origin than we do.
  const address = new URL(location, document.baseURI).pathname
  item.begun = { address, path: item.path, expiresAtMs: expiryOf(answer), proofs: [NOTHING_SENT] }
  await claims.claim(address, item)
  keepBegun(item, file)
}

/** Lets the node forget what it has of an upload. */
async function giveUp(item: UploadItem, file: File, signal: AbortSignal): Promise<void> {
  const address = item.begun?.address
  if (address === undefined) return
  forgetBegun(item, file, address)
  item.begun = undefined
  await sendByXhr({ method: 'DELETE', address, headers: TUS, signal }).catch(() => undefined)
}
