import { AppError, PreconditionFailedError } from '../platform/errors.ts'
import type { Entry, FileStore } from '../store/types.ts'
import { type DavAnswer, type DavCall, type DavContext, findEntry } from './call.ts'
import { type ConditionHeaders, decideConditions } from './conditions.ts'
import { fileHeaders } from './file-answer.ts'
import {
  type IfList,
  isIfSatisfied,
  type ResourceState,
  submittedTokens,
  taggedResources,
} from './if-header.ts'
import type { DavSession } from './mount.ts'
import { fromSyncUri } from './sync-properties.ts'
import { parseTarget } from './target.ts'

/** The conditional headers of a request (RFC 9110 13.1). */
export function conditionHeaders(header: DavCall['header']): ConditionHeaders {
  return {
    ifMatch: header('if-match'),
    ifNoneMatch: header('if-none-match'),
    ifModifiedSince: header('if-modified-since'),
    ifUnmodifiedSince: header('if-unmodified-since'),
  }
}

/** Methods that can bring something into being, for which "nothing is there" is a state like another. */
const CREATING = new Set(['PUT', 'MKCOL', 'LOCK'])

/** Answers 304 or throws `PreconditionFailedError` when the conditions say so; undefined to go on. */
export async function checkConditions(call: DavCall): Promise<DavAnswer | undefined> {
  // Those of a POST are about what it makes, which is not at this address.
  if (call.method === 'POST') return undefined
  const headers = conditionHeaders(call.header)
  if (Object.values(headers).every((value) => value === undefined)) return undefined
  const entry = await findEntry(call.store, call.session.path)
  // What is going to be 404 anyway is answered so, whatever the conditions (RFC 9110 13.2.1).
  if (entry === undefined && !CREATING.has(call.method)) return undefined
  const isRead = call.method === 'GET' || call.method === 'HEAD'
  const outcome = decideConditions(headers, entry, isRead)
  if (outcome === 'failed') throw conditionFailed()
  return outcome === 'not modified' && entry !== undefined ? notModified(call, entry) : undefined
}

function conditionFailed(): PreconditionFailedError {
  return new PreconditionFailedError('What is there is not what the request expects; look again and repeat.')
}

function notModified(call: DavCall, entry: Entry): DavAnswer {
  const { ETag, 'Last-Modified': lastModified } = fileHeaders(call, entry)
  return { status: 304, headers: { ETag: ETag ?? '', 'Last-Modified': lastModified ?? '' } }
}

/** Throws `PreconditionFailedError` when the `If` header does not hold (RFC 4918 10.4.1). */
export async function checkIf(
  lists: readonly IfList[],
  session: DavSession,
  context: DavContext,
): Promise<void> {
  const states = new Map<string | undefined, ResourceState>()
  const named = submittedTokens(lists)
  for (const tag of taggedResources(lists)) states.set(tag, await stateOf(tag, session, context, named))
  if (isIfSatisfied(lists, (tag) => states.get(tag) ?? NOTHING)) return
  throw new PreconditionFailedError('The If header does not hold: a lock or an etag is not the one named.')
}

const NOTHING: ResourceState = { tokens: [] }

async function stateOf(
  tag: string | undefined,
  session: DavSession,
  context: DavContext,
  named: readonly string[],
): Promise<ResourceState> {
  try {
    const place = tag === undefined ? session : await openTag(tag, context)
    if (place === undefined) return NOTHING
    const store = place.store([])
    const { etag, tokens } = await readState(store, place.path, context)
    const current = [...tokens, ...(await currentSyncTokens(store, place.path, named))]
    return etag === undefined ? { tokens: current } : { etag, tokens: current }
  } catch (error) {
    // A resource that cannot be read has no state the asker may know; the condition fails, not the request.
    if (error instanceof AppError) return NOTHING
    throw error
  }
}

/** More in one header is no client; each may cost a look at a folder. */
const MAX_SYNC_TOKENS = 3

/**
 * Those of the named tokens since which nothing changed below the folder (RFC 6578 5). A member changes
 * with whatever changes below it, so the members alone tell.
 */
async function currentSyncTokens(
  store: FileStore,
  path: DavSession['path'],
  named: readonly string[],
): Promise<string[]> {
  const current: string[] = []
  for (const uri of named.filter((one) => fromSyncUri(one) !== undefined).slice(0, MAX_SYNC_TOKENS)) {
    const token = fromSyncUri(uri) as string
    const page = await store.changes?.(path, { token, depth: '1', limit: 1 }).catch(ifRefused)
    if (page?.changes.every((change) => 'isForeign' in change)) current.push(uri)
  }
  return current
}

/** A token that is no longer good is not current; the locks in the same header still count. */
function ifRefused(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error
}

async function openTag(tag: string, context: DavContext): Promise<DavSession | undefined> {
  const target = parseTarget(tag)
  return context.isOwn(target) ? context.open(target) : undefined
}

async function readState(
  store: FileStore,
  path: DavSession['path'],
  context: DavContext,
): Promise<ResourceState> {
  const locks = await context.locks.covering(await store.locate(path))
  const entry = await findEntry(store, path)
  const tokens = locks.map((lock) => lock.token)
  return entry === undefined ? { tokens } : { etag: entry.etag, tokens }
}
