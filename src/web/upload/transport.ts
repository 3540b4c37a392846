import { isProblem } from '../api.ts'
import { fileAddress, makeFolder } from '../dav/dav.ts'
import { claims } from './begun-uploads.ts'
import { sendLarge } from './send-large.ts'
import { checksumOf, readBytes } from './slices.ts'
import type { SendOptions, UploadItem, UploadTransport } from './types.ts'
import { sendByXhr } from './xhr.ts'

/** From here on a file goes in pieces, so that an interruption costs little. */
export const LARGE_BYTES = 16 * 1024 * 1024

/** Small files by PUT, large ones by tus; every byte with a checksum that the node compares. */
export const transport: UploadTransport = {
  async send(item, options) {
    if (item.file === undefined) return
    if (item.sizeBytes > LARGE_BYTES) await sendLarge(item, item.file, options)
    else await sendSmall(item, item.file, options)
  },
  async ensureFolder(path) {
    await makeFolder(path).catch((error: unknown) => {
      // 405: something is there already; when that is a file, what goes below it will be told so.
      if (!isProblem(error) || error.status !== 405) throw error
    })
  },
  letGo: (item) => claims.letGo(item),
}

async function sendSmall(item: UploadItem, file: File, { signal, onProgress }: SendOptions): Promise<void> {
  const body = await readBytes(file)
  const sha256 = await checksumOf(body)
  await sendByXhr({
    method: 'PUT',
    address: fileAddress(item.path),
    headers: {
      'Content-Type': file.type || 'application/octet-stream',
      'X-OC-Mtime': `${Math.floor(file.lastModified / 1000)}`,
      ...(item.overwrite ? {} : { 'If-None-Match': '*' }),
      ...(sha256 === undefined ? {} : { 'OC-Checksum': `SHA256:${sha256.hex}` }),
    },
    body,
    signal,
    onProgress,
  })
}
