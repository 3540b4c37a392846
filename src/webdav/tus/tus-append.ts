import { AppError } from '../../platform/errors.ts'
import { toHttpDate } from '../../platform/http-date.ts'
import type { Entry, WriteOptions } from '../../store/types.ts'
import type { ResumableUpload } from '../../store/uploads/resumable-types.ts'
import { type DavCall, isMounted } from '../call.ts'
import { identityHeaders } from '../file-answer.ts'
import { liveProperties } from '../live-properties.ts'
import type { ResumablePlace } from '../mount.ts'
import { writeOptions } from '../put.ts'
import { OC, propertyKey } from '../wire.ts'
import { parseUploadChecksum } from './tus-headers.ts'

/** Takes the body of a request behind what is there; `call` is at the file that it will be. */
export async function appendBody(
  call: DavCall,
  place: ResumablePlace,
  upload: ResumableUpload,
  offsetBytes = upload.offsetBytes,
): Promise<ResumableUpload> {
  const expected = parseUploadChecksum(call)
  const limitBytes = await wholeDrive(call)
  return place.uploads.append(upload, offsetBytes, call.body.accept(), { limitBytes, expected })
}

/**
 * The bytes are complete: they become a file by the same road as a PUT. When that is refused they stay, and
 * an empty PATCH at the end tries again; damaged ones go, nobody knows which it is.
 */
export async function finish(
  call: DavCall,
  { uploads }: ResumablePlace,
  { userId, id, facts }: ResumableUpload,
  lengthBytes: number,
): Promise<Record<string, string>> {
  // What the request says now counts more than what was said when it began. A client that goes away now
  // has sent everything: its file is finished nevertheless.
  const { conditions, mtimeMs } = writeOptions(call)
  const options: WriteOptions = { sizeBytes: lengthBytes }
  if (facts.expected !== undefined) options.expected = facts.expected
  const when = mtimeMs ?? facts.mtimeMs
  if (when !== undefined) options.mtimeMs = when
  const onlyIf = conditions ?? facts.conditions
  if (onlyIf !== undefined) options.conditions = onlyIf
  try {
    const write = (body: AsyncIterable<Buffer>) => call.store.write(facts.path, body, options)
    const { entry } = await uploads.finish({ userId, id, facts } as ResumableUpload, lengthBytes, write)
    const headers = await finishedHeaders(call, entry, options)
    uploads.rememberFinished(userId, id, { lengthBytes, headers })
    return headers
  } catch (error) {
    if (error instanceof AppError && error.code === 'CHECKSUM_MISMATCH') await uploads.remove(userId, id)
    throw error
  }
}

const permissions = liveProperties.get(propertyKey(OC, 'permissions'))

/** What a client needs to know of its new file; ownCloud's asks no further when all of it is there. */
export async function finishedHeaders(
  call: DavCall,
  entry: Entry,
  { mtimeMs }: WriteOptions,
): Promise<Record<string, string>> {
  const isReceived = await isMounted(call.store, await call.store.locate(call.session.path))
  const letters = permissions?.render({ entry, isRoot: false, isReceived, locksXml: () => '' })
  return {
    'Upload-Offset': `${entry.sizeBytes}`,
    ...identityHeaders(entry),
    'Last-Modified': toHttpDate(entry.mtimeMs),
    ...(mtimeMs === undefined ? {} : { 'X-OC-MTime': 'accepted' }),
    ...(letters === undefined ? {} : { 'OC-Perm': letters }),
  }
}

/** Unfinished uploads may hold as much as the whole drive. */
async function wholeDrive({ store }: DavCall): Promise<number> {
  const { usedBytes, availableBytes } = await store.quota()
  return availableBytes === undefined ? Number.POSITIVE_INFINITY : usedBytes + availableBytes
}
