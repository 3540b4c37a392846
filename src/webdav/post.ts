import type { DavAnswer, DavCall } from './call.ts'
import { isMacaroonRequest, macaroon } from './scopes/macaroon.ts'
import { createUpload } from './tus/tus-create.ts'

/** POST: a token for the address (dCache's macaroons), or the beginning of a resumable upload (tus). */
export async function post(call: DavCall): Promise<DavAnswer> {
  return isMacaroonRequest(call) ? macaroon(call) : createUpload(call)
}
