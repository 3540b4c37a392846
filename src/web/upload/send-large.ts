import { isProblem } from '../api.ts'
import { tusAddress } from '../dav/dav.ts'
import { nameOf, parentOf } from '../dav/paths.ts'
import { checksumOf, nextPiece, readBytes, tusMetadata } from './slices.ts'
import type { SendOptions, UploadItem } from './types.ts'
import { sendByXhr } from './xhr.ts'

const TUS = { 'Tus-Resumable': '1.0.0' }

/**
 * A file in pieces (tus 1.0). What has begun is gone on with where the node says it stopped; the address is
 * kept in the item. 412 means that something of that name is there.
 */
export async function sendLarge(item: UploadItem, file: File, options: SendOptions): Promise<void> {
  const { signal, onProgress } = options
  let offset = await findOffset(item, signal)
  if (offset === undefined) {
    item.resumeAt = await begin(item, file, signal)
    offset = 0
  }
  onProgress(offset)
  while (offset < file.size) offset = await sendPiece(item, file, offset, options)
}

/** How far the node has it; undefined when it must begin anew. */
async function findOffset(item: UploadItem, signal: AbortSignal): Promise<number | undefined> {
  if (item.resumeAt === undefined) return undefined
  try {
    const answer = await sendByXhr({ method: 'HEAD', address: item.resumeAt, headers: TUS, signal })
    return Number(answer.header('Upload-Offset'))
  } catch (error) {
    if (!isProblem(error) || ![403, 404, 410].includes(error.status)) throw error
    item.resumeAt = undefined
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
  try {
    await sendByXhr({
      method: 'PATCH',
      address: item.resumeAt ?? '',
      headers: {
        ...TUS,
        'Upload-Offset': `${start}`,
        'Content-Type': 'application/offset+octet-stream',
        ...(sha256 === undefined ? {} : { 'Upload-Checksum': `sha256 ${sha256.base64}` }),
      },
      body,
      signal,
      onProgress: (sent) => onProgress(start + sent),
    })
  } catch (error) {
    // The name was taken while it came: what is there of it cannot go elsewhere.
    if (isProblem(error) && error.status === 412) await giveUp(item, signal)
    throw error
  }
  return end
}

/** Lets the node forget what it has of an upload. */
export async function giveUp(item: UploadItem, signal: AbortSignal): Promise<void> {
  const address = item.resumeAt
  item.resumeAt = undefined
  if (address === undefined) return
  await sendByXhr({ method: 'DELETE', address, headers: TUS, signal }).catch(() => undefined)
}
