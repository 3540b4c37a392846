import { AppError, BadRequestError, PayloadTooLargeError } from '../../platform/errors.ts'
import { parsePath } from '../../store/paths.ts'
import type { Entry, StorePath, WriteOptions } from '../../store/types.ts'
import { type DavCall, isMounted } from '../call.ts'
import { liveProperties } from '../live-properties.ts'
import { writeOptions } from '../put.ts'
import { OC, propertyKey } from '../wire.ts'

/** What is answered for one file, as Nextcloud writes it. */
export type BulkReply =
  | { error: false; etag: string; fileid: string; permissions: string }
  | { error: true; message: string }

/** One file of a bulk upload, its headers understood. */
export interface BulkFile {
  path: StorePath
  options: WriteOptions
}

/** Reads the headers of a part; throws `AppError` for what concerns this file only. */
export function parseBulkFile(
  call: DavCall,
  headers: ReadonlyMap<string, string>,
  sizeBytes: number,
): BulkFile {
  const path = parsePath(headers.get('x-file-path') ?? '')
  if (path.length === 0) throw new BadRequestError('X-File-Path must name a file.')
  if (sizeBytes > call.context.maxUploadBytes) {
    throw new PayloadTooLargeError(`A file may have at most ${call.context.maxUploadBytes} bytes here.`)
  }
  const header = (name: string) =>
    headers.get(name) ?? (name === 'x-oc-mtime' ? headers.get('x-file-mtime') : undefined)
  const options = writeOptions({ ...call, header, body: { ...call.body, declaredBytes: sizeBytes } })
  const md5 = headers.get('x-file-md5')?.toLowerCase()
  if (md5 !== undefined) {
    if (!/^[0-9a-f]{32}$/.test(md5)) throw new BadRequestError('X-File-MD5 is not an MD5 checksum.')
    if ((options.expected?.md5 ?? md5) !== md5)
      throw new BadRequestError('Two MD5 checksums contradict each other.')
    options.expected = { ...options.expected, md5 }
  }
  if (options.expected === undefined) throw new BadRequestError('X-File-MD5 or OC-Checksum is missing.')
  return { path, options }
}

/** Writes a file by the same road as a PUT; whatever is refused is refused for this file alone. */
export async function writeBulkFile(
  call: DavCall,
  { path, options }: BulkFile,
  body: AsyncIterable<Buffer>,
): Promise<BulkReply> {
  const { entry } = await call.store.write(path, body, options)
  return {
    error: false,
    etag: entry.etag,
    fileid: entry.id,
    permissions: permissionsOf(entry, await isMounted(call.store, await call.store.locate(path))),
  }
}

/** What a client is told of a failure; of one that is ours only that it was. */
export function toBulkError(error: unknown): BulkReply {
  const message = error instanceof AppError ? error.message : 'Something failed inside this server.'
  return { error: true, message }
}

const permissions = liveProperties.get(propertyKey(OC, 'permissions'))

function permissionsOf(entry: Entry, isReceived: boolean): string {
  return permissions?.render({ entry, isRoot: false, isReceived, locksXml: () => '' }) ?? ''
}
