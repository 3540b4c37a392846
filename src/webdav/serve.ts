import { MethodNotAllowedError } from '../platform/errors.ts'
import type { DavAnswer, DavBody, DavCall, DavContext } from './call.ts'
import { makeCollection, remove } from './collections.ts'
import { get, head } from './get.ts'
import { parseIfHeader, submittedTokens } from './if-header.ts'
import { lock, unlock } from './lock.ts'
import type { DavMethod, DavSession } from './mount.ts'
import { options } from './options.ts'
import { post } from './post.ts'
import { checkConditions, checkIf } from './preconditions.ts'
import { propfind } from './propfind.ts'
import { proppatch } from './proppatch.ts'
import { put } from './put.ts'
import { copy, move } from './relocate.ts'
import { report } from './report.ts'
import { checkScope } from './scopes/scoped-session.ts'
import type { DavTarget } from './target.ts'

const fileMethods: ReadonlyMap<string, DavMethod> = new Map([
  ['OPTIONS', options],
  ['GET', get],
  ['HEAD', head],
  ['PUT', put],
  ['POST', post],
  ['DELETE', remove],
  ['MKCOL', makeCollection],
  ['PROPFIND', propfind],
  ['PROPPATCH', proppatch],
  ['REPORT', report],
  ['COPY', copy],
  ['MOVE', move],
  ['LOCK', lock],
  ['UNLOCK', unlock],
])

/** A request whose asker and tree are known, before its conditions are judged. */
export interface DavRequest {
  method: string
  target: DavTarget
  session: DavSession
  header(name: string): string | undefined
  body: DavBody
  signal: AbortSignal
}

/** Conditions first (RFC 9110 13.2.2, then RFC 4918 10.4), then the method. Throws `AppError` for refusals. */
export async function serveDav(request: DavRequest, context: DavContext): Promise<DavAnswer> {
  const method = (request.session.methods ?? fileMethods).get(request.method)
  if (method === undefined) {
    throw new MethodNotAllowedError(`${request.method} is not a method of what is here.`)
  }
  checkScope(request.session, request.method, request.header)
  const ifHeader = request.header('if')
  const lists = ifHeader === undefined ? [] : parseIfHeader(ifHeader)
  const lockTokens = submittedTokens(lists)
  const store = request.session.store(lockTokens)
  const call: DavCall = { ...request, store, lockTokens, context }
  const early = await checkConditions(call)
  if (early !== undefined) return early
  if (lists.length > 0) await checkIf(lists, request.session, context)
  return method(call)
}
