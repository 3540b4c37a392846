import { formatAddress } from './ocm/address.ts'
import type { OcsItem, OcsPerson, OcsReceivedShare, OcsShareType } from './ocs/index.ts'
import type { OutgoingShare, ReceivedShare, SharePerson } from './shares/index.ts'
import { type Entry, formatPath, type StorePath } from './store/index.ts'

/** What lies at a path now. */
export function toItem({ id, kind, mediaType, sizeBytes, mtimeMs }: Entry, path: StorePath): OcsItem {
  return { path: formatPath(path), kind, fileId: id, mediaType, sizeBytes, mtimeMs }
}

/** With whom a share is. */
export function typeOf({ recipient: { type, isGroup } }: OutgoingShare): OcsShareType {
  if (type === 'link') return 'link'
  if (type === 'local') return isGroup ? 'group' : 'user'
  return isGroup ? 'remote-group' : 'remote'
}

/** A name of this node, or an address of another. */
export function recipientId({ recipient: { type, id, host } }: OutgoingShare): string {
  return type === 'remote' ? formatAddress({ id, host }) : id
}

/** A share that one of our users was given; what is not known of its content yet is empty. */
export function toReceived(share: ReceivedShare, ownHost: string): OcsReceivedShare {
  const { id, source, providerId, name, kind, role, note, createdAtMs, expiresAtMs, mountName } = share
  const {
    mediaType = 'application/octet-stream',
    sizeBytes = 0,
    mtimeMs = createdAtMs,
  } = share.rootFacts ?? {}
  const isAccepted = share.state === 'accepted'
  return {
    ...{ id, source, providerId, name, kind, role, note, createdAtMs, expiresAtMs, isAccepted },
    ...{ mediaType, sizeBytes, mtimeMs },
    host: share.peerHost,
    fileId: `share:${id}`,
    owner: toForeigner(share.owner, ownHost),
    sender: toForeigner(share.sender, ownHost),
    mayReshare: share.mayReshare ?? false,
    mountPath: isAccepted && mountName !== undefined ? `/${mountName}` : undefined,
  }
}

function toForeigner({ id, host, displayName }: SharePerson, ownHost: string): OcsPerson {
  return { id: host === ownHost ? id : formatAddress({ id, host }), displayName }
}

/** A user or a group of this node. */
export function toPerson(found: { name: string; displayName: string } | undefined): OcsPerson | undefined {
  return found && { id: found.name, displayName: found.displayName }
}
