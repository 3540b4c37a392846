import { ForbiddenError, InsufficientStorageError } from '../../platform/errors.ts'
import type { UploadArea } from '../../store/uploads/upload-area.ts'
import { type DavAnswer, type DavCall, findEntry, isMounted, readBody } from '../call.ts'
import { remove } from '../collections.ts'
import { UnsupportedMediaTypeError } from '../errors.ts'
import type { DavMethod, DavSession } from '../mount.ts'
import { options } from '../options.ts'
import { propfind } from '../propfind.ts'
import { put } from '../put.ts'
import { assemble } from './assemble.ts'
import { declaredTotal } from './declared-total.ts'
import { openDestination } from './destination.ts'

/** What can be done with unfinished uploads; anything else is 405. */
export function uploadMethods(area: UploadArea): ReadonlyMap<string, DavMethod> {
  return new Map<string, DavMethod>([
    ['OPTIONS', options],
    ['PROPFIND', propfind],
    ['PUT', put],
    ['DELETE', remove],
    ['MKCOL', (call) => begin(call, area)],
    ['MOVE', (call) => assemble(call, area)],
  ])
}

/** MKCOL: an upload begins. What cannot find room is refused now and not after its last part. */
async function begin(call: DavCall, area: UploadArea): Promise<DavAnswer> {
  if ((await readBody(call.body)).length > 0) throw new UnsupportedMediaTypeError('MKCOL takes no body here.')
  const [id, ...rest] = call.session.path
  if (id === undefined || rest.length > 0)
    throw new ForbiddenError('An upload is one folder, without others.')
  const totalBytes = declaredTotal(call)
  if (totalBytes !== undefined) await checkRoom(call, totalBytes)
  await area.create(id, totalBytes === undefined ? {} : { totalBytes })
  return { status: 201 }
}

async function checkRoom(call: DavCall, totalBytes: number): Promise<void> {
  const { availableBytes } = await call.store.quota()
  if (availableBytes !== undefined && totalBytes > availableBytes) throw noRoom()
  if (call.header('destination') === undefined) return
  const destination = await openDestination(call)
  const room = await roomAt(destination)
  if (room !== undefined && totalBytes > room) throw noRoom()
}

/** Bytes that fit in the place of what stands at the destination; undefined when no limit is known. */
async function roomAt(session: DavSession): Promise<number | undefined> {
  const store = session.store([])
  // The room in a share is its owner's affair; this drive's quota says nothing of it.
  if (await isMounted(store, await store.locate(session.path))) return undefined
  const { availableBytes } = await store.quota()
  if (availableBytes === undefined) return undefined
  return availableBytes + ((await findEntry(store, session.path))?.sizeBytes ?? 0)
}

function noRoom(): InsufficientStorageError {
  return new InsufficientStorageError('The file is larger than the room that is left in this drive.', {
    code: 'QUOTA_EXCEEDED',
  })
}
