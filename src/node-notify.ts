import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { Accounts } from './accounts/accounts.ts'
import type { Base } from './node-base.ts'
import type { NodeKeys } from './node-keys.ts'
import { recipientId } from './node-ocs-views.ts'
import { nodeFacts } from './node-watch.ts'
import type { MailTransport, NoticePerson, NoticeShares, Notify, ShareNews } from './notify/index.ts'
import { createNotify, createSmtpTransport } from './notify/index.ts'
import { formatAddress } from './ocm/address.ts'
import type { Ocm } from './ocm/index.ts'
import type { DisposalStack } from './platform/disposal.ts'
import { createSeal } from './platform/seal.ts'
import type { OutgoingShare, ReceivedShare, SharePerson, Shares, Sharing } from './shares/index.ts'
import type { Spaces } from './store/index.ts'
import type { Transfers } from './transfers/index.ts'

/** Notifications, mails and the activity log; they hear of the other rooms from now on. */
export function createNotifyRoom(
  base: Base,
  keys: NodeKeys,
  rooms: { accounts: Accounts; spaces: Spaces; shares: Shares; transfers: Transfers; ocm: Ocm },
  stack: DisposalStack,
): Notify {
  const { accounts, spaces, shares, transfers, ocm } = rooms
  return stack.use(
    createNotify({
      ...base,
      ...{ seal: createSeal(keys.nodeKey), nodeKey: keys.nodeKey, transport: openTransport(base) },
      ...{ users: accounts, drives: spaces, facts: nodeFacts(base, rooms) },
      shares: noticeShares(shares.sharing, ocm.host),
      findContact: (userId, contactId) => findContact(shares.sharing, userId, contactId),
      listFailures: (_userId, jobId, limit) => transfers.listFailures(jobId, limit),
    }),
  )
}

/** The operator's mail server; undefined when none is configured. */
export function openTransport(
  { config, clock }: Pick<Base, 'config' | 'clock'>,
  connectMs?: number,
): MailTransport | undefined {
  const { mail, network, name, publicUrl } = config
  const extraCa =
    network.extraCaFile === undefined
      ? undefined
      : [...rootCertificates, readFileSync(network.extraCaFile, 'utf8')]
  return createSmtpTransport({ config: mail, site: { name, publicUrl }, clock, extraCa, connectMs })
}

async function findContact(sharing: Sharing, userId: string, contactId: string) {
  const contact = (await sharing.listContacts(userId)).find(({ id }) => id === contactId)
  if (contact === undefined) return undefined
  const invitations = await sharing.invitationsOf(userId, contactId)
  return {
    id: contactId,
    displayName: contact.displayName,
    address: formatAddress({ id: contact.remoteUserId, host: contact.host }),
    invitationIds: invitations.map(({ id }) => id),
  }
}

function noticeShares(sharing: Sharing, ownHost: string): NoticeShares {
  return {
    async listWaiting(userId) {
      const received = await sharing.listReceived(userId)
      return received
        .filter((share) => share.state === 'pending')
        .map((share) => {
          const { id, source, name, kind, note, createdAtMs, owner, sender } = share
          const people = { owner: toPerson(owner, ownHost), sender: toPerson(sender, ownHost) }
          return { id, source, name, kind, note, createdAtMs, ...people }
        })
    },
    async find(userId, id) {
      const { given, received } = await sharing.find(userId, id)
      if (received !== undefined) return newsOfReceived(received, ownHost)
      return given && newsOfGiven(given)
    },
    accept: sharing.accept,
    decline: sharing.decline,
  }
}

function newsOfReceived({ state, name, sender }: ReceivedShare, ownHost: string): ShareNews {
  return { side: 'received', state, name, other: toPerson(sender, ownHost), isLink: false }
}

function newsOfGiven(share: OutgoingShare): ShareNews {
  const { state, name, recipient } = share
  const other = { name: recipient.displayName, address: recipientId(share) }
  return { side: 'given', state, name, other, isLink: recipient.type === 'link' }
}

function toPerson({ id, host, displayName }: SharePerson, ownHost: string): NoticePerson {
  return { name: displayName, address: host === ownHost ? id : formatAddress({ id, host }) }
}
