import type { Accounts } from './accounts/accounts.ts'
import type { GroupDirectory } from './accounts/types.ts'
import { recipientId, toItem, toPerson, toReceived, typeOf } from './node-ocs-views.ts'
import { findAddress, formatAddress } from './ocm/address.ts'
import type { OcsGivenShare, OcsItem, OcsNewShare, OcsSharing } from './ocs/index.ts'
import { BadRequestError } from './platform/errors.ts'
import type { OutgoingShare, Reshare, Shares } from './shares/index.ts'
import { type Entry, formatPath, parsePath, type Spaces, type StorePath } from './store/index.ts'

export interface OcsSharingDeps {
  accounts: Accounts
  spaces: Spaces
  shares: Shares
  /** Undefined where nothing is shared with groups. */
  groups: GroupDirectory | undefined
  ownHost: string
}

/** What the interface of Nextcloud's and ownCloud's clients may know of shares. */
export function createOcsSharing(deps: OcsSharingDeps): OcsSharing {
  const { shares, ownHost } = deps
  const { sharing } = shares
  const toGiven = async (userId: string, share: OutgoingShare) =>
    firstOf(await toGivens(deps, userId, [share]))
  return {
    features: { groups: deps.groups !== undefined, links: sharing.links !== undefined },
    ownHost,
    findAddress,
    listGiven: (userId, below) => listGiven(deps, userId, below),
    listReshares: (userId, below) => listReshares(deps, userId, below),
    getGiven: async (userId, id) => toGiven(userId, await sharing.getGiven(userId, id)),
    kindOf: async (userId, path) => (await statInDrive(shares, userId, parsePath(path))).kind,
    create: async (userId, share) => toGiven(userId, await create(deps, userId, share)),
    change: async (userId, id, changes) => toGiven(userId, await sharing.change(userId, id, changes)),
    end: sharing.end,
    listReceived: async (userId) =>
      (await sharing.listReceived(userId)).map((share) => toReceived(share, ownHost)),
    accept: sharing.accept,
    decline: sharing.decline,
    leave: sharing.leave,
    async listContacts(userId) {
      return (await sharing.listContacts(userId)).map(({ remoteUserId, host, displayName, email }) => ({
        ...{ id: formatAddress({ id: remoteUserId, host }), displayName, host, email },
      }))
    },
    findUser: async (name) => toPerson(await deps.accounts.findUserByName(name)),
    findGroup: async (name) => toPerson(await deps.groups?.findGroupByName(name)),
  }
}

async function create(
  { shares: { sharing }, ownHost }: OcsSharingDeps,
  userId: string,
  share: OcsNewShare,
): Promise<OutgoingShare> {
  const { role, mayReshare, note, label, password, expiresAtMs } = share
  const path = parsePath(share.path)
  if (share.type === 'link' && sharing.links !== undefined) {
    return await sharing.links.create(userId, { path, role, label, note, password, expiresAtMs })
  }
  // With the host behind it, a name that looks like an address elsewhere is still somebody here.
  const isHere = share.type === 'user' || share.type === 'group'
  const shareWith = isHere ? formatAddress({ id: share.shareWith, host: ownHost }) : share.shareWith
  if (role === 'uploader')
    throw new BadRequestError('Only by a link can people add files without seeing any.')
  const isGroup = share.type === 'group' || share.type === 'remote-group'
  return await sharing.create(userId, { path, shareWith, isGroup, role, mayReshare, note, expiresAtMs })
}

async function listGiven(
  deps: OcsSharingDeps,
  userId: string,
  below?: { path: string; isFolder: boolean },
): Promise<OcsGivenShare[]> {
  const given = await deps.shares.sharing.listGiven(userId)
  if (below === undefined) return await toGivens(deps, userId, given)
  const path = parsePath(below.path)
  const drive = await deps.shares.drives.driveOf(userId)
  const entries = below.isFolder ? await drive.list(path) : [await drive.stat(path)]
  const places = entries.map((entry) => ({ entry, path: below.isFolder ? [...path, entry.name] : path }))
  const items = await Promise.all(
    given.map(async (share) => {
      const place = await findPlace(deps, share, places)
      return place === undefined ? [] : [{ share, item: toItem(place.entry, place.path) }]
    }),
  )
  return await withPeople(deps, userId, items.flat())
}

async function listReshares(
  deps: OcsSharingDeps,
  userId: string,
  below?: { path: string; isFolder: boolean },
): Promise<OcsGivenShare[]> {
  const wanted = below && formatPath(parsePath(below.path))
  const placed = await Promise.all(
    (await deps.shares.sharing.listReshares(userId)).map(async (reshare) => ({
      ...reshare,
      item: await itemInside(deps, reshare),
    })),
  )
  const meant = placed.filter(({ item }) => {
    if (wanted === undefined) return true
    return wanted === (below?.isFolder ? formatPath(parsePath(item.path).slice(0, -1)) : item.path)
  })
  const views = await withPeople(deps, userId, meant)
  return await Promise.all(
    views.map(async ({ link: _, ...view }, at) => {
      const by = await deps.accounts.findUserById(meant[at]?.share.ownerUserId ?? '')
      return { ...view, sharedBy: toPerson(by) ?? { id: '', displayName: '' } }
    }),
  )
}

/** Where what was passed on lies in the drive of the one who gave it first. */
async function itemInside(deps: OcsSharingDeps, { share, of, inside }: Reshare): Promise<OcsItem> {
  const item = await itemOf(deps, of)
  if (inside.length === 0) return item
  const path = [...parsePath(item.path), ...inside]
  const entry = await statInDrive(deps.shares, of.ownerUserId, path).catch(() => undefined)
  return entry === undefined ? { ...item, path: formatPath(path), kind: share.kind } : toItem(entry, path)
}

interface Place {
  entry: Entry
  path: StorePath
}

/** Of what was passed on of a share, the id is that of another server's file: it is known by its place. */
async function findPlace(
  { shares }: OcsSharingDeps,
  share: OutgoingShare,
  places: readonly Place[],
): Promise<Place | undefined> {
  if (share.via === undefined) return places.find(({ entry }) => entry.id === share.fileId)
  const root = await shares.pathOfShare(share.ownerUserId, share.via.receivedId).catch(() => undefined)
  if (root === undefined) return undefined
  const wanted = formatPath([...root, ...share.via.path])
  return places.find(({ path }) => formatPath(path) === wanted)
}

/** As they are now; what is gone, or lies on another server, as it was when it was shared. */
async function toGivens(
  deps: OcsSharingDeps,
  userId: string,
  shares: readonly OutgoingShare[],
): Promise<OcsGivenShare[]> {
  const items = await Promise.all(shares.map(async (share) => ({ share, item: await itemOf(deps, share) })))
  return await withPeople(deps, userId, items)
}

async function itemOf({ spaces, shares }: OcsSharingDeps, share: OutgoingShare): Promise<OcsItem> {
  const { fileId, name, kind, createdAtMs, ownerUserId, via } = share
  const root = via && (await shares.pathOfShare(ownerUserId, via.receivedId).catch(() => undefined))
  const path = via === undefined ? (await spaces.findFile(fileId))?.path : root && [...root, ...via.path]
  const home = via === undefined && path !== undefined ? await spaces.spaceOf(ownerUserId) : undefined
  const entry = path && (await home?.stat(path).catch(() => undefined))
  if (entry !== undefined) return toItem(entry, path ?? [])
  const facts = { mediaType: 'application/octet-stream', sizeBytes: 0, mtimeMs: createdAtMs }
  return { ...facts, path: formatPath(path ?? [name]), kind, fileId }
}

async function withPeople(
  { accounts, shares: { sharing } }: OcsSharingDeps,
  userId: string,
  items: readonly { share: OutgoingShare; item: OcsItem }[],
): Promise<OcsGivenShare[]> {
  const owner = await accounts.getUser(userId)
  const links = await sharing.links?.factsOf(items.map(({ share }) => share))
  return items.map(({ share, item }) => {
    const link = links?.get(share.id)
    const { id, recipient, role, mayReshare = false, note, createdAtMs, expiresAtMs } = share
    return {
      ...{ id, item, role, mayReshare, note, createdAtMs, expiresAtMs },
      type: typeOf(share),
      owner: { id: owner.name, displayName: owner.displayName },
      recipient: { id: recipientId(share), displayName: recipient.displayName },
      label: recipient.type === 'link' ? recipient.displayName : '',
      ...(link === undefined ? {} : { link }),
    }
  })
}

async function statInDrive(shares: Shares, userId: string, path: StorePath): Promise<Entry> {
  return await (await shares.drives.driveOf(userId)).stat(path)
}

function firstOf<T>(items: readonly T[]): T {
  return items[0] as T
}
