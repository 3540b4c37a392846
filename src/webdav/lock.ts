import { ConflictError, ForbiddenError, PreconditionFailedError } from '../platform/errors.ts'
import type { Lock } from '../store/locks/locks.ts'
import { parentOf } from '../store/paths.ts'
import type { Entry, ResourceKey } from '../store/types.ts'
import { renderLocks } from './active-locks.ts'
import { type DavAnswer, type DavCall, findEntry, hasBody, readBody } from './call.ts'
import { parseZeroOrInfinity } from './depth.ts'
import { parseLockBody, parseLockToken, parseTimeout } from './lock-body.ts'
import { checkLockRoot } from './scopes/scoped-session.ts'
import { XML_PROLOGUE, XML_TYPE } from './wire.ts'

/** LOCK (RFC 4918 9.10): takes a lock, makes an empty file where nothing was, or refreshes without a body. */
export async function lock(call: DavCall): Promise<DavAnswer> {
  const body = hasBody(call.body) ? await readBody(call.body) : Buffer.alloc(0)
  return body.length === 0 ? refresh(call) : take(call, body)
}

async function take(call: DavCall, body: Buffer): Promise<DavAnswer> {
  const { store, session, context } = call
  const wanted = parseLockBody(body)
  const depth = parseZeroOrInfinity(call.header('depth'))
  const existing = await findEntry(store, session.path)
  const guarded = existing ?? (await getParent(call))
  if (!guarded.rights.write) throw new ForbiddenError('You may not write here, so there is nothing to lock.')
  const resource = await store.locate(session.path)
  const timeoutSeconds = timeoutOf(call)
  const takeIt = () =>
    context.locks.take({ ...wanted, depth, resource, userId: session.userId, timeoutSeconds })
  // A change that had its last look at the locks is over first.
  const taken = await (store.inTurn?.(session.path, takeIt) ?? takeIt())
  // What was there may have gone while the lock waited; from now on it stays.
  const isNew = existing === undefined || (await findEntry(store, session.path)) === undefined
  if (isNew) await createLocked(call, taken)
  const headers = { 'Lock-Token': `<${taken.token}>` }
  return describe(call, isNew ? 201 : 200, resource, [taken], headers)
}

async function getParent({ store, session }: DavCall): Promise<Entry> {
  const parent = await findEntry(store, parentOf(session.path))
  if (parent?.kind === 'folder') return parent
  throw new ConflictError('The folder for this name does not exist; make it first.')
}

function timeoutOf(call: DavCall): number {
  return Math.min(
    parseTimeout(call.header('timeout')),
    call.session.maxLockSeconds ?? Number.POSITIVE_INFINITY,
  )
}

/** The lock comes first, so that nobody writes in between; it goes again when the file cannot be made. */
async function createLocked(call: DavCall, taken: Lock): Promise<void> {
  const { session, lockTokens, context } = call
  try {
    const conditions = { ifNoneMatch: '*' } as const
    const store = session.store([...lockTokens, taken.token])
    await store.write(session.path, nothing(), { sizeBytes: 0, conditions })
  } catch (error) {
    await context.locks.release(taken.token)
    throw error
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** RFC 4918 9.10.2: the lock named in `If` gets a new time, and keeps everything else. */
async function refresh(call: DavCall): Promise<DavAnswer> {
  const { store, session, context, lockTokens } = call
  const resource = await store.locate(session.path)
  const covering = await context.locks.covering(resource)
  const named = covering.filter((one) => lockTokens.includes(one.token))
  const [found] = named
  if (found === undefined || named.length > 1) {
    throw mismatch('To refresh a lock, name it in an If header; to take one, send a body.')
  }
  if (found.userId !== session.userId) throw new ForbiddenError('The lock is somebody else’s.')
  checkLockRoot(session, resource, found.resource)
  const fresh = await context.locks.refresh(found.token, timeoutOf(call))
  return describe(call, 200, resource, [fresh])
}

/**
 * UNLOCK (RFC 4918 9.11): any address that the lock covers will do. Whoever took the lock may, and the owner of
 * the drive, so that nobody they let in keeps them out.
 */
export async function unlock(call: DavCall): Promise<DavAnswer> {
  const { store, session, context } = call
  const token = parseLockToken(call.header('lock-token'))
  const resource = await store.locate(session.path)
  const covering = await context.locks.covering(resource)
  const found = covering.find((one) => one.token === token)
  if (found === undefined) {
    throw new ConflictError('There is no such lock on this resource; it may have run out.', {
      code: 'LOCK_TOKEN_MATCHES_REQUEST_URI',
    })
  }
  if (found.userId !== session.userId && !(await isOfOwner(call, found))) {
    throw new ForbiddenError('The lock is somebody else’s.')
  }
  checkLockRoot(session, resource, found.resource)
  await context.locks.release(token)
  return { status: 204 }
}

/** What was shared with the owner of a drive is mounted there and not theirs. */
async function isOfOwner({ store, session }: DavCall, { resource }: Lock): Promise<boolean> {
  return session.isOwner === true && (await store.locate([])).scope === resource.scope
}

function mismatch(message: string): PreconditionFailedError {
  return new PreconditionFailedError(message, { code: 'LOCK_TOKEN_MATCHES_REQUEST_URI' })
}

function describe(
  { target, session, context }: DavCall,
  status: number,
  resource: ResourceKey,
  locks: Lock[],
  headers: Record<string, string> = {},
): DavAnswer {
  const place = { rawPath: target.rawPath, path: session.path, resource }
  const inside = renderLocks(locks, place, context.clock.nowMs())
  const body = `${XML_PROLOGUE}<d:prop xmlns:d="DAV:"><d:lockdiscovery>${inside}</d:lockdiscovery></d:prop>\n`
  return { status, headers: { 'Content-Type': XML_TYPE, ...headers }, body }
}
