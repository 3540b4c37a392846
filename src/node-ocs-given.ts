import type { Accounts } from './accounts/accounts.ts'
import { findPlace, itemInside, itemOf, type OcsItemDeps } from './node-ocs-items.ts'
import { recipientId, toItem, toPerson, typeOf } from './node-ocs-views.ts'
import type { OcsGivenShare, OcsItem } from './ocs/index.ts'
import type { OutgoingShare } from './shares/index.ts'
import { formatPath, parsePath } from './store/index.ts'

export interface OcsGivenDeps extends OcsItemDeps {
  accounts: Accounts
}

/** The shares that a user gave: all, or of what lies at a path or in that folder. */
export async function listGiven(
  deps: OcsGivenDeps,
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

/** What others passed on of shares that the user gave. */
export async function listReshares(
  deps: OcsGivenDeps,
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

/** As they are now; what is gone, or lies on another server, as it was when it was shared. */
export async function toGivens(
  deps: OcsGivenDeps,
  userId: string,
  shares: readonly OutgoingShare[],
): Promise<OcsGivenShare[]> {
  const items = await Promise.all(shares.map(async (share) => ({ share, item: await itemOf(deps, share) })))
  return await withPeople(deps, userId, items)
}

async function withPeople(
  { accounts, shares: { sharing } }: OcsGivenDeps,
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
