import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  MethodNotAllowedError,
  NotImplementedError,
  PayloadTooLargeError,
} from '../platform/errors.ts'
import { toHttpDate } from '../platform/http-date.ts'
import { checkLocks } from '../store/locks/lock-check.ts'
import { parentOf } from '../store/paths.ts'
import type { Entry, WriteOptions } from '../store/types.ts'
import { type DavAnswer, type DavCall, findEntry } from './call.ts'
import { toWriteConditions } from './conditions.ts'
import { parseDeclaredChecksums } from './digests.ts'
import { identityHeaders } from './file-answer.ts'
import { conditionHeaders } from './preconditions.ts'
import { minimalHeaders } from './preferences.ts'
import { checkRoom } from './room.ts'
import { declaredTotal } from './uploads/declared-total.ts'

/** Up to here the store's own refusal is as cheap as a look before the body is taken. */
const SMALL_BYTES = 64 * 1024

/** PUT (RFC 9110 9.3.4, RFC 4918 9.7): the whole file or nothing, streamed. */
export async function put(call: DavCall): Promise<DavAnswer> {
  // RFC 9110 14.4 says 400; ARC falls back to a whole upload only on 501, so that is what it gets.
  if (call.header('content-range') !== undefined) {
    throw new NotImplementedError('Parts of a file cannot be written; send the whole, without Content-Range.')
  }
  if ((call.body.declaredBytes ?? 0) > call.context.maxUploadBytes) throw tooLarge(call)
  const options = writeOptions(call)
  const { declaredBytes, isAwaited } = call.body
  if (isAwaited || declaredBytes === undefined || declaredBytes > SMALL_BYTES) await checkBeforeBody(call)
  const { entry, created } = await call.store.write(call.session.path, bodyOf(call), options)
  const headers: Record<string, string> = {
    ...identityHeaders(entry),
    'Last-Modified': toHttpDate(entry.mtimeMs),
    ...minimalHeaders(call.header),
  }
  if (options.mtimeMs !== undefined) headers['X-OC-MTime'] = 'accepted'
  return { status: created ? 201 : 204, headers }
}

/** The bytes; those of an undeclared length are counted, as far as one file may go. */
function bodyOf(call: DavCall): AsyncIterable<Uint8Array> {
  const { declaredBytes } = call.body
  return declaredBytes === undefined ? counted(call) : call.body.accept()
}

async function* counted(call: DavCall): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of call.body.accept()) {
    sizeBytes += chunk.length
    if (sizeBytes > call.context.maxUploadBytes) throw tooLarge(call)
    yield chunk
  }
}

function tooLarge({ context }: DavCall): PayloadTooLargeError {
  return new PayloadTooLargeError(`A file may have at most ${context.maxUploadBytes} bytes here.`)
}

/** What the headers of an upload say about the file. Its type follows from its name, not from a client. */
export function writeOptions(call: DavCall): WriteOptions {
  const options: WriteOptions = { signal: call.signal }
  const expected = parseDeclaredChecksums(call.header)
  const conditions = toWriteConditions(conditionHeaders(call.header))
  const mtimeMs = parseMtime(call.header('x-oc-mtime'))
  if (call.body.declaredBytes !== undefined) options.sizeBytes = call.body.declaredBytes
  if (expected !== undefined) options.expected = expected
  if (conditions !== undefined) options.conditions = conditions
  if (mtimeMs !== undefined) options.mtimeMs = mtimeMs
  return options
}

const MAX_SECONDS = 253_402_300_799 // the end of the year 9999

/** `X-OC-Mtime`: seconds since 1970, whole or with a fraction. */
function parseMtime(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = Number(header)
  if (!/^-?\d+(\.\d+)?$/.test(header.trim()) || Math.abs(seconds) > MAX_SECONDS) {
    throw new BadRequestError('X-OC-Mtime must be seconds since 1970.', { code: 'INVALID_MTIME' })
  }
  return Math.floor(seconds * 1_000)
}

/** Every refusal that needs no body, before the client sends one (RFC 9110 10.1.1). */
export async function checkBeforeBody(call: DavCall): Promise<void> {
  const { store, session } = call
  const existing = await findEntry(store, session.path)
  if (existing?.kind === 'folder') throw isFolder()
  const parent = existing === undefined ? await getParent(call) : undefined
  const guarded = existing ?? parent
  if (guarded !== undefined && !guarded.rights.write) throw new ForbiddenError('You may not write here.')
  const { lockTokens: tokens, context } = call
  const asker = { tokens, userId: session.userId, isNew: parent !== undefined }
  await checkLocks({ locks: context.locks, store }, session.path, asker)
  const sizeBytes = call.body.declaredBytes ?? announcedBytes(call)
  if (sizeBytes !== undefined) await checkRoom(store, { path: session.path, sizeBytes, existing })
}

/** A part of an upload names the length of the whole, which is not what comes now. */
function announcedBytes(call: DavCall): number | undefined {
  return call.session.methods === undefined ? declaredTotal(call) : undefined
}

async function getParent({ store, session }: DavCall): Promise<Entry> {
  const parent = await findEntry(store, parentOf(session.path))
  if (parent?.kind === 'folder') return parent
  throw new ConflictError('The folder for this file does not exist; make it first.')
}

function isFolder(): MethodNotAllowedError {
  return new MethodNotAllowedError('A folder stands here; PUT writes files.')
}
