import { AppError, ForbiddenError } from '../platform/errors.ts'
import type { Entry, ListOptions, StorePath } from '../store/types.ts'
import { LockMap } from './active-locks.ts'
import { type DavAnswer, type DavCall, isMounted, readBody } from './call.ts'
import { type Depth, parseDepth } from './depth.ts'
import { type ListedResource, multistatus, type Region } from './multistatus.ts'
import { preferenceHeaders, readPreferences } from './preferences.ts'
import { type PropertyPlan, planProperties } from './property-columns.ts'
import { parsePropfindBody } from './propfind-body.ts'
import { encodeName, folderHref } from './target.ts'
import { DAV_CLASSES, XML_TYPE } from './wire.ts'

/** PROPFIND (RFC 4918 9.1): properties of a resource, of a folder and its members, or of a bounded tree. */
export async function propfind(call: DavCall): Promise<DavAnswer> {
  // A missing Depth means infinity (RFC 4918 9.1); like sabre/dav we take it as 1, because what leaves
  // it out is a person with curl, and nobody wants the whole drive by accident.
  const depth = parseDepth(call.header('depth')) ?? '1'
  const query = parsePropfindBody(await readBody(call.body))
  const preferences = readPreferences(call.header)
  if (depth === '0') preferences.withoutRoot = false
  const plan = planProperties(query, preferences.isMinimal)
  const found = await collect(call, depth, plan)
  const resources = preferences.withoutRoot ? found.slice(1) : found
  const quota = plan.needsQuota ? await call.store.quota() : undefined
  const shareTypes = plan.needsShares ? await call.session.sharedAs?.() : undefined
  const body = multistatus({ resources, plan, quota, shareTypes, nowMs: call.context.clock.nowMs() })
  const headers = { 'Content-Type': XML_TYPE, DAV: DAV_CLASSES, ...preferenceHeaders(preferences) }
  return { status: 207, headers, body }
}

async function collect(call: DavCall, depth: Depth, plan: PropertyPlan): Promise<ListedResource[]> {
  const options: ListOptions = plan.needsDeadProperties ? { withProperties: true } : {}
  const { path } = call.session
  const entry = await call.store.stat(path, options)
  const { rawPath } = call.target
  const top: ListedResource = {
    entry,
    href: entry.kind === 'folder' ? folderHref(rawPath) : rawPath,
    below: [],
    isRoot: path.length === 0,
    region: await openRegion(call, path, rawPath, plan, depth !== '0'),
  }
  const syncToken = plan.needsSync && entry.kind === 'folder' ? await call.store.syncToken?.(path) : undefined
  if (syncToken !== undefined) top.syncToken = syncToken
  if (depth === '0' || entry.kind === 'file') return [top]
  return depth === '1' ? listFolder(call, top, path, options, plan) : walk(call, top, options, plan)
}

/** What is known of all resources from `path` down: one query for all their locks. */
export async function openRegion(
  call: DavCall,
  path: StorePath,
  rawPath: string,
  plan: PropertyPlan,
  withDescendants: boolean,
): Promise<Region> {
  if (!plan.needsLocks && !plan.needsScope) {
    return { place: undefined, locks: new LockMap([]), isReceived: false }
  }
  const resource = await call.store.locate(path)
  const locks = plan.needsLocks ? await call.context.locks.covering(resource, { withDescendants }) : []
  return {
    place: { rawPath, path, resource },
    locks: new LockMap(locks),
    isReceived: plan.needsScope && (await isMounted(call.store, resource)),
  }
}

/** The folder and its members; only members that are mounts cost a query of their own. */
async function listFolder(
  call: DavCall,
  folder: ListedResource,
  path: StorePath,
  options: ListOptions,
  plan: PropertyPlan,
): Promise<ListedResource[]> {
  const members = await call.store.list(path, options)
  const listed: ListedResource[] = [folder]
  for (const entry of members) {
    const href = memberHref(folder.href, entry)
    if (entry.mount === undefined) {
      listed.push({ ...folder, entry, href, below: [...folder.below, entry.name], isRoot: false })
      continue
    }
    const region = await openRegion(call, [...path, entry.name], href, plan, true)
    listed.push({ entry, href, below: [], isRoot: false, region })
  }
  return listed
}

function memberHref(folder: string, entry: Entry): string {
  return `${folder}${encodeName(entry.name)}${entry.kind === 'folder' ? '/' : ''}`
}

/** The whole tree, folder by folder, as long as it is small enough to answer at all (RFC 4918 9.1.1). */
async function walk(
  call: DavCall,
  top: ListedResource,
  options: ListOptions,
  plan: PropertyPlan,
): Promise<ListedResource[]> {
  const found: ListedResource[] = [top]
  const waiting: { folder: ListedResource; path: StorePath }[] = [{ folder: top, path: call.session.path }]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const members = await listMembers(call, next, options, plan)
    found.push(...members)
    if (found.length > call.context.maxTreeEntries) throw tooMany(call.context.maxTreeEntries)
    for (const member of members) {
      if (member.entry.kind === 'file') continue
      waiting.push({ folder: member, path: [...next.path, member.entry.name] })
    }
  }
  return found
}

/** A folder that went meanwhile, or a share whose server is down, must not break the answer for the rest. */
async function listMembers(
  call: DavCall,
  { folder, path }: { folder: ListedResource; path: StorePath },
  options: ListOptions,
  plan: PropertyPlan,
): Promise<ListedResource[]> {
  try {
    return (await listFolder(call, folder, path, options, plan)).slice(1)
  } catch (error) {
    if (error instanceof AppError && path.length > call.session.path.length) return []
    throw error
  }
}

function tooMany(limit: number): ForbiddenError {
  return new ForbiddenError(`The tree has more than ${limit} entries; ask folder by folder with Depth: 1.`, {
    code: 'PROPFIND_FINITE_DEPTH',
  })
}
