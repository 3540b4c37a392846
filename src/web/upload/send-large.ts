import { isProblem } from '../api.ts'
import { tusAddress } from '../dav/dav.ts'
import { nameOf, parentOf } from '../dav/paths.ts'
import { findBegun, forgetBegun, keepBegun, whileInUse } from './begun-uploads.ts'
import { checksumOf, nextPiece, readBytes, tusMetadata } from './slices.ts'
import type { SendOptions, UploadItem } from './types.ts'
import { type SendAnswer, sendByXhr } from './xhr.ts'

const TUS = { 'Tus-Resumable': '1.0.0' }

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
  await whileInUse(item.begun?.address ?? '', () => sendRest(item, file, known ?? 0, options))
  forgetBegun(item, file)
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
  const answer = item.begun && (await ask(item.begun.address, signal))
  if (answer !== undefined) return Number(answer.header('Upload-Offset'))
  if (item.begun !== undefined) forgetBegun(item, file)
  item.begun = undefined
  return undefined
}

/** The same of what was begun before the page was loaded, if it is still on its way. */
async function findEarlier(item: UploadItem, file: File, signal: AbortSignal): Promise<number | undefined> {
  const address = findBegun(item, file)
  if (address === undefined) return undefined
  const answer = await ask(address, signal)
  // What has become a file since may have been deleted or changed: only another upload brings this one.
  const isOnItsWay = answer?.header('Upload-Length') === `${file.size}` && answer.header('OC-FileId') === null
  if (answer === undefined || !isOnItsWay) {
    forgetBegun(item, file)
    return undefined
  }
  item.begun = { address, path: item.path }
  return Number(answer.header('Upload-Offset'))
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
  item.begun = { address: new URL(location, document.baseURI).pathname, path: item.path }
  keepBegun(item, file, answer)
}

async function sendPiece(
  item: UploadItem,
  file: File,
  offset: number,
  { signal, onProgress }: SendOptions,
): Promise<number> {
  const { start, end } = nextPiece(offset, file.size)
  const body = await readBytes(file.slice(start, end))
  const sha256 = await checksumOf(body)
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

/** Lets the node forget what it has of an upload. */
async function giveUp(item: UploadItem, file: File, signal: AbortSignal): Promise<void> {
  const address = item.begun?.address
  forgetBegun(item, file)
  item.begun = undefined
  if (address === undefined) return
  await sendByXhr({ method: 'DELETE', address, headers: TUS, signal }).catch(() => undefined)
}
