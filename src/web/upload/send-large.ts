import { isProblem } from '../api.ts'
import { tusAddress } from '../dav/dav.ts'
import { nameOf, parentOf } from '../dav/paths.ts'
import { checksumOf, nextPiece, readBytes, tusMetadata } from './slices.ts'
import type { SendOptions, UploadItem } from './types.ts'
import { sendByXhr } from './xhr.ts'

const TUS = { 'Tus-Resumable': '1.0.0' }

/**
 * A file in pieces (tus 1.0). What has begun is gone on with where the node says it stopped; its address is kept
 * in the item. 412 means that something of that name is there; also at the end, when it came meanwhile.
 */
export async function sendLarge(item: UploadItem, file: File, options: SendOptions): Promise<void> {
  const { signal, onProgress } = options
  // Under another name it is another upload.
  if (item.begun !== undefined && item.begun.path !== item.path) await giveUp(item, signal)
  const known = await findOffset(item, signal)
  if (known === undefined) item.begun = { address: await begin(item, file, signal), path: item.path }
  let offset = known ?? 0
  options.onFound(offset)
  // All of it is there, but it did not become a file yet: an empty piece tries that again.
  if (offset === file.size) await sendPiece(item, file, offset, options)
  while (offset < file.size) offset = await sendPiece(item, file, offset, options)
}

/** How far the node has it; undefined when it must begin anew. */
async function findOffset(item: UploadItem, signal: AbortSignal): Promise<number | undefined> {
  if (item.begun === undefined) return undefined
  try {
    const answer = await sendByXhr({ method: 'HEAD', address: item.begun.address, headers: TUS, signal })
    return Number(answer.header('Upload-Offset'))
  } catch (error) {
    if (!isProblem(error) || ![403, 404, 410].includes(error.status)) throw error
    item.begun = undefined
    return undefined
  }
}

async function begin(item: UploadItem, file: File, signal: AbortSignal): Promise<string> {
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
  return new URL(location, document.baseURI).pathname
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
  await sendByXhr({
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
  return end
}

/** Lets the node forget what it has of an upload. */
async function giveUp(item: UploadItem, signal: AbortSignal): Promise<void> {
  const address = item.begun?.address
  item.begun = undefined
  if (address === undefined) return
  await sendByXhr({ method: 'DELETE', address, headers: TUS, signal }).catch(() => undefined)
}
