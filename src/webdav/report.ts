import { BadRequestError } from '../platform/errors.ts'
import { escapeText } from '../platform/xml.ts'
import type { Change, ChangesPage, ChangesQuery } from '../store/types.ts'
import { type DavAnswer, type DavCall, readBody } from './call.ts'
import { parseDepth } from './depth.ts'
import { type ListedResource, multistatus } from './multistatus.ts'
import { preferenceHeaders, readPreferences } from './preferences.ts'
import { type PropertyPlan, planProperties } from './property-columns.ts'
import { openRegion } from './propfind.ts'
import { parseSyncBody, type SyncQuery, unsupportedReport } from './sync-body.ts'
import { toSyncUri } from './sync-properties.ts'
import { encodeName, folderHref } from './target.ts'
import { DAV_CLASSES, XML_TYPE } from './wire.ts'

/** REPORT (RFC 3253 3.6); there is one, sync-collection (RFC 6578 3.2). */
export async function report(call: DavCall): Promise<DavAnswer> {
  const query = parseSyncBody(await readBody(call.body))
  if ((parseDepth(call.header('depth')) ?? '0') !== '0') {
    throw new BadRequestError('Depth must be 0 here; DAV:sync-level says how deep.', {
      code: 'INVALID_DEPTH',
    })
  }
  const preferences = { ...readPreferences(call.header), withoutRoot: false }
  const plan = planProperties({ kind: 'prop', names: query.names }, preferences.isMinimal)
  const page = await changesOf(call, query, plan)
  const resources = await listed(call, page, query, plan)
  const quota = plan.needsQuota ? await call.store.quota() : undefined
  const shareTypes = plan.needsShares ? await call.session.sharedAs?.() : undefined
  const tail = renderTail(call, page, query)
  const body = multistatus({ resources, plan, quota, shareTypes, tail, nowMs: call.context.clock.nowMs() })
  const headers = { 'Content-Type': XML_TYPE, DAV: DAV_CLASSES, ...preferenceHeaders(preferences) }
  return { status: 207, headers, body }
}

async function changesOf(call: DavCall, query: SyncQuery, plan: PropertyPlan): Promise<ChangesPage> {
  const { store, session, context } = call
  if ((await store.stat(session.path)).kind !== 'folder') throw unsupportedReport()
  const limit = Math.min(query.limit ?? context.maxTreeEntries, context.maxTreeEntries)
  const asked: ChangesQuery = { depth: query.depth, limit, withProperties: plan.needsDeadProperties }
  if (query.token !== undefined) asked.token = query.token
  const page = await store.changes?.(session.path, asked)
  if (page === undefined) throw unsupportedReport()
  return page
}

/** What is there, as a listing shows it. */
async function listed(
  call: DavCall,
  { changes }: ChangesPage,
  query: SyncQuery,
  plan: PropertyPlan,
): Promise<ListedResource[]> {
  const { path, store } = { ...call.session, store: call.store }
  const region = await openRegion(call, path, call.target.rawPath, plan, true)
  const syncToken = plan.needsSync ? await store.syncToken?.(path) : undefined
  const resources: ListedResource[] = []
  for (const change of changes) {
    if (!('entry' in change) || isClosed(change, query)) continue
    const { entry, isForeign } = change
    const href = hrefOf(call, change)
    const own = isForeign ? await openRegion(call, [...path, ...change.path], href, plan, true) : region
    const below = isForeign ? [] : change.path
    const token = syncToken === undefined || isForeign ? {} : { syncToken }
    resources.push({ entry, href, below, isRoot: false, region: own, ...token })
  }
  return resources
}

function isClosed(change: Change, { depth }: SyncQuery): boolean {
  return 'isForeign' in change && depth === 'infinity'
}

function hrefOf({ target }: DavCall, change: Change): string {
  const isFolder = 'gone' in change ? change.gone === 'folder' : change.entry.kind === 'folder'
  return folderHref(target.rawPath) + change.path.map(encodeName).join('/') + (isFolder ? '/' : '')
}

/** What is gone, what has to be asked itself, that more follows, and the token for the next time. */
function renderTail(call: DavCall, page: ChangesPage, query: SyncQuery): string {
  let tail = ''
  for (const change of page.changes) {
    if ('gone' in change) tail += response(hrefOf(call, change), '404 Not Found')
    else if (isClosed(change, query)) {
      tail += response(hrefOf(call, change), '403 Forbidden', '<d:sync-traversal-supported/>')
    }
  }
  if (!page.isComplete) {
    const more = '<d:number-of-matches-within-limits/>'
    tail += response(folderHref(call.target.rawPath), '507 Insufficient Storage', more)
  }
  return `${tail}<d:sync-token>${escapeText(toSyncUri(page.token))}</d:sync-token>`
}

function response(href: string, status: string, reason = ''): string {
  const error = reason === '' ? '' : `<d:error>${reason}</d:error>`
  return `<d:response><d:href>${escapeText(href)}</d:href><d:status>HTTP/1.1 ${status}</d:status>${error}</d:response>`
}
