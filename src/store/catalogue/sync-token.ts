import { ForbiddenError } from '../../platform/errors.ts'

/** The last change a page told, in the order of changes. */
export interface Cursor {
  seq: number
  id: string
}

/** What the holder of a token knows: everything up to a change, and of a page series what came so far. */
export interface SyncToken {
  /** The folder it was given for. */
  folderId: string
  seq: number
  cursor?: Cursor
}

const FORM = /^([^~]+)~(\d{1,15})(?:~(\d{1,15})~([^~]+))?$/

/** Made of unreserved characters of URIs only. */
export function formatSyncToken({ folderId, seq, cursor }: SyncToken): string {
  const start = `${folderId}~${seq}`
  return cursor === undefined ? start : `${start}~${cursor.seq}~${cursor.id}`
}

/** Throws `ForbiddenError` for what is not one of this folder. */
export function parseSyncToken(text: string, folderId: string): SyncToken {
  const [, id, seq, cursorSeq, cursorId] = FORM.exec(text) ?? []
  if (id !== folderId || seq === undefined) throw staleToken()
  if (cursorSeq === undefined || cursorId === undefined) return { folderId, seq: Number(seq) }
  return { folderId, seq: Number(seq), cursor: { seq: Number(cursorSeq), id: cursorId } }
}

/** The token of another folder of the same store at the same moment. */
export function syncTokenOf(folderId: string, token: string): string {
  if (token.startsWith(`${folderId}~`)) return token
  const seq = FORM.exec(token.replace(/~~.*$/, ''))?.[2]
  return `${folderId}~${seq ?? 0}`
}

/** RFC 6578 3.2: the client has to begin anew. */
export function staleToken(): ForbiddenError {
  const message = 'What changed since this sync token can no longer be told. Begin again without a token.'
  return new ForbiddenError(message, { code: 'VALID_SYNC_TOKEN' })
}
