import { ForbiddenError, MethodNotAllowedError } from '../platform/errors.ts'
import { type DavAnswer, type DavCall, readBody } from './call.ts'
import { toWriteConditions } from './conditions.ts'
import { requireInfinity } from './depth.ts'
import { UnsupportedMediaTypeError } from './errors.ts'
import { conditionHeaders } from './preconditions.ts'
import { minimalHeaders } from './preferences.ts'

/** MKCOL (RFC 4918 9.3). A body would ask for more than a plain folder; an empty one of any type is none. */
export async function makeCollection(call: DavCall): Promise<DavAnswer> {
  const body = await readBody(call.body)
  if (body.length > 0) throw new UnsupportedMediaTypeError('MKCOL takes no body here.')
  if (call.session.path.length === 0) throw new MethodNotAllowedError('The root is there already.')
  const entry = await call.store.makeCollection(call.session.path)
  return { status: 201, headers: { 'OC-FileId': entry.id, ...minimalHeaders(call.header) } }
}

/** DELETE (RFC 9110 9.3.5, RFC 4918 9.6). */
export async function remove(call: DavCall): Promise<DavAnswer> {
  const { session, store } = call
  if (session.path.length === 0) throw new ForbiddenError('The root cannot be removed.')
  if (call.header('depth') !== undefined) {
    requireInfinity(call.header('depth'), (await store.stat(session.path)).kind === 'folder')
  }
  await store.remove(session.path, toWriteConditions(conditionHeaders(call.header)))
  return { status: 204 }
}
