import type { GroupDirectory } from './accounts/types.ts'
import { listGiven, listReshares, type OcsGivenDeps, toGivens } from './node-ocs-given.ts'
import { statInDrive } from './node-ocs-items.ts'
import { toPerson, toReceived } from './node-ocs-views.ts'
import { findAddress, formatAddress } from './ocm/address.ts'
import type { OcsNewShare, OcsSharing } from './ocs/index.ts'
import { BadRequestError } from './platform/errors.ts'
import type { OutgoingShare } from './shares/index.ts'
import { parsePath } from './store/index.ts'

export interface OcsSharingDeps extends OcsGivenDeps {
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

function firstOf<T>(items: readonly T[]): T {
  return items[0] as T
}
