import type { OcsShareTree, OcsTreeAsk } from './ocs/index.ts'
import { ForbiddenError, NotFoundError, UnauthenticatedError } from './platform/errors.ts'
import { isLinkToken, type Shares } from './shares/index.ts'
import { type Entry, type FileStore, parsePath, type StorePath } from './store/index.ts'

/** Larger and deeper trees are asked for folder by folder, with WebDAV. */
const MAX_ENTRIES = 5_000
const MAX_DEPTH = 20

/**
 * What lies behind a public link or a federated share, whose secret is the token. Throws `NotFoundError`
 * where there is none and for trees that are too large, `ForbiddenError` without the password of a link.
 */
export async function readShareTree(shares: Shares, ask: OcsTreeAsk): Promise<OcsShareTree> {
  const { store, pathOf, name } = await open(shares, ask).catch(closed)
  const path = pathOf(parsePath(ask.folder))
  const root = await store.stat(path)
  const walk = { store, left: MAX_ENTRIES, depth: Math.min(ask.depth ?? MAX_DEPTH, MAX_DEPTH) }
  return await toTree(walk, { ...root, name: root.name || name }, path, 0)
}

interface Opened {
  /** Of the root; empty where only its recipient knows it. */
  name: string
  store: FileStore
  pathOf(names: StorePath): StorePath
}

async function open(shares: Shares, { token, password, clientAddress }: OcsTreeAsk): Promise<Opened> {
  if (!isLinkToken(token)) {
    const access = await shares.openShareAccess(token)
    return { name: '', store: access.store([]), pathOf: access.pathOf }
  }
  const visit = await shares.links.visit(await shares.links.open(token, { address: clientAddress, password }))
  return { name: visit.name, store: visit.store([]), pathOf: visit.pathOf }
}

/** In the words that servers expect here: nothing there, or another password. */
function closed(error: unknown): never {
  if (!(error instanceof UnauthenticatedError)) throw error
  if (error.code === 'LINK_PASSWORD') throw new ForbiddenError(error.message, { code: error.code })
  throw new NotFoundError(error.message)
}

interface Walk {
  store: FileStore
  left: number
  depth: number
}

async function toTree(walk: Walk, entry: Entry, path: StorePath, depth: number): Promise<OcsShareTree> {
  const { id, name, kind, mediaType, sizeBytes, mtimeMs, etag, rights } = entry
  const facts = { id, name, kind, mediaType, sizeBytes, mtimeMs, etag, rights }
  if (kind === 'file' || depth >= walk.depth) return facts
  const entries = await walk.store.list(path)
  walk.left -= entries.length
  if (walk.left < 0) throw new NotFoundError('This tree is too large for one answer; list it with WebDAV.')
  const children: OcsShareTree[] = []
  for (const child of entries) children.push(await toTree(walk, child, [...path, child.name], depth + 1))
  return { ...facts, children }
}
