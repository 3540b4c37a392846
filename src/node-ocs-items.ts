import { toItem } from './node-ocs-views.ts'
import type { OcsItem } from './ocs/index.ts'
import type { OutgoingShare, Reshare, Shares } from './shares/index.ts'
import { type Entry, formatPath, parsePath, type Spaces, type StorePath } from './store/index.ts'

export interface OcsItemDeps {
  spaces: Spaces
  shares: Shares
}

/** What is shared, as it is now; what is gone, or lies on another server, as it was when it was shared. */
export async function itemOf({ spaces, shares }: OcsItemDeps, share: OutgoingShare): Promise<OcsItem> {
  const { fileId, name, kind, createdAtMs, ownerUserId, via } = share
  const root = via && (await shares.pathOfShare(ownerUserId, via.receivedId).catch(() => undefined))
  const path = via === undefined ? (await spaces.findFile(fileId))?.path : root && [...root, ...via.path]
  const home = via === undefined && path !== undefined ? await spaces.spaceOf(ownerUserId) : undefined
  const entry = path && (await home?.stat(path).catch(() => undefined))
  if (entry !== undefined) return toItem(entry, path ?? [])
  const facts = { mediaType: 'application/octet-stream', sizeBytes: 0, mtimeMs: createdAtMs }
  return { ...facts, path: formatPath(path ?? [name]), kind, fileId }
}

/** Where what was passed on lies in the drive of the one who gave it first. */
export async function itemInside(deps: OcsItemDeps, { share, of, inside }: Reshare): Promise<OcsItem> {
  const item = await itemOf(deps, of)
  if (inside.length === 0) return item
  const path = [...parsePath(item.path), ...inside]
  const entry = await statInDrive(deps.shares, of.ownerUserId, path).catch(() => undefined)
  return entry === undefined ? { ...item, path: formatPath(path), kind: share.kind } : toItem(entry, path)
}

export interface Place {
  entry: Entry
  path: StorePath
}

/** Of what was passed on of a share, the id is that of another server's file: it is known by its place. */
export async function findPlace(
  { shares }: Pick<OcsItemDeps, 'shares'>,
  share: OutgoingShare,
  places: readonly Place[],
): Promise<Place | undefined> {
  if (share.via === undefined) return places.find(({ entry }) => entry.id === share.fileId)
  const root = await shares.pathOfShare(share.ownerUserId, share.via.receivedId).catch(() => undefined)
  if (root === undefined) return undefined
  const wanted = formatPath([...root, ...share.via.path])
  return places.find(({ path }) => formatPath(path) === wanted)
}

/** What lies at a path of the drive of a user. Throws `NotFoundError` when nothing does. */
export async function statInDrive(shares: Shares, userId: string, path: StorePath): Promise<Entry> {
  return await (await shares.drives.driveOf(userId)).stat(path)
}
