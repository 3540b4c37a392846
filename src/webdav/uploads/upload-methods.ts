import { ForbiddenError } from '../../platform/errors.ts'
import type { UploadArea } from '../../store/uploads/upload-area.ts'
import { type DavAnswer, type DavCall, readBody } from '../call.ts'
import { remove } from '../collections.ts'
import { UnsupportedMediaTypeError } from '../errors.ts'
import type { DavMethod } from '../mount.ts'
import { options } from '../options.ts'
import { propfind } from '../propfind.ts'
import { put } from '../put.ts'
import { checkRoom, noRoom } from '../room.ts'
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
  if (totalBytes !== undefined) await checkUpload(call, totalBytes)
  await area.create(id, totalBytes === undefined ? {} : { totalBytes })
  return { status: 201 }
}

async function checkUpload(call: DavCall, totalBytes: number): Promise<void> {
  const { availableBytes } = await call.store.quota()
  if (availableBytes !== undefined && totalBytes > availableBytes) throw noRoom()
  if (call.header('destination') === undefined) return
  const { store, path } = await openDestination(call)
  await checkRoom(store([]), { path, sizeBytes: totalBytes })
}
