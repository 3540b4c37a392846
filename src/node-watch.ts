import { statfs } from 'node:fs/promises'
import type { Accounts } from './accounts/accounts.ts'
import type { Base } from './node-base.ts'
import type { NodeFacts } from './notify/index.ts'
import type { Ocm } from './ocm/index.ts'
import type { PeerFailure } from './ocm/peer-error.ts'
import type { PeerRecord } from './ocm/peers-repo.ts'

const AWAY: readonly PeerFailure[] = ['unreachable', 'no-such-host', 'certificate', 'no-tls', 'busy']

/** What administrators are told of, from the disk, the accounts and what is known of other servers. */
export function nodeFacts(
  { config }: Pick<Base, 'config'>,
  { accounts, ocm }: { accounts: Pick<Accounts, 'listUsers'>; ocm: Pick<Ocm, 'known' | 'peerKeys'> },
): NodeFacts {
  return {
    quotaBytes: config.storage.quotaBytes,
    async disk() {
      const { bavail, blocks, bsize } = await statfs(config.storage.folder)
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    },
    async listPeers() {
      const [records, keys] = await Promise.all([ocm.known.list(), ocm.peerKeys.list()])
      const held = new Set(keys.filter(({ state }) => state === 'held').map(({ host }) => host))
      return records.map((record) => healthOf(record, held.has(record.host)))
    },
    listAdmins: async () => (await accounts.listUsers()).filter(({ isAdmin }) => isAdmin).map(({ id }) => id),
  }
}

function healthOf({ host, lastSuccess, lastFailure }: PeerRecord, hasHeldKey: boolean) {
  return {
    ...{ host, hasHeldKey },
    ...(lastSuccess === undefined ? {} : { succeededAtMs: lastSuccess.atMs }),
    ...(lastFailure === undefined
      ? {}
      : { lastFailure: { ...lastFailure, reason: reasonOf(lastFailure.reason) } }),
  }
}

function reasonOf(reason: PeerFailure): 'away' | 'signature' | 'other' {
  if (reason === 'signature-refused') return 'signature'
  return AWAY.includes(reason) ? 'away' : 'other'
}
