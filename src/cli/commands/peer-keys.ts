import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { operator } from '../operator.ts'

const FOLDER = ['<dir>', 'folder of the node'] as const
const HOST = ['<host>', 'host, with its port when it has one'] as const

/** Adds `keys`, `accept-key` and `forget` below `peer`; they work on the folder of a node. */
export function registerPeerKeys(peer: Command, context: CliContext): void {
  const keys = peer
    .command('keys')
    .argument(...FOLDER)
    .argument('[host]', 'of this host only')
    .description('The keys that peers signed with; those held wait for a decision.')
  onAction(keys, context, async ({ args: [dir = '', host], output }) => {
    output.list((await (await operator.admin()).listPeerKeys(dir, host)).map(toShown), {
      headings: ['HOST', 'STATE', 'KEY', 'FORM', 'FIRST SEEN', 'LAST SEEN', 'FINGERPRINT'],
      row: (key) => [
        ...[key.host, key.state, key.keyId, key.form, key.firstSeenAt, key.lastSeenAt],
        key.fingerprint,
      ],
      empty: 'No peer has signed a message yet.',
    })
  })

  const accept = peer
    .command('accept-key')
    .argument(...FOLDER)
    .argument(...HOST)
    .option('--fingerprint <sha256>', 'only when this is the key that waits')
    .description('Take the changed key of a peer, after asking its operators.')
  onAction<FingerprintFlag>(accept, context, async ({ args: [dir = '', name = ''], options, output }) => {
    const host = await (await operator.admin()).acceptPeerKey(dir, name, options.fingerprint)
    output.result({ host, accepted: true }, () => `the new key of ${host} is accepted`)
  })

  const forget = peer
    .command('forget')
    .argument(...FOLDER)
    .argument(...HOST)
    .description('Forget the keys of a peer, and that it signs: the next key is taken as it comes.')
  onAction(forget, context, async ({ args: [dir = '', name = ''], output }) => {
    const host = await (await operator.admin()).forgetPeer(dir, name)
    output.result({ host, forgotten: true }, () => `the keys of ${host} are forgotten`)
  })
}

interface FingerprintFlag {
  fingerprint?: string
}

interface PinnedKey {
  host: string
  keyId: string
  fingerprint: string
  form: string
  state: string
  firstSeenAtMs: number
  lastSeenAtMs: number
}

function toShown({ firstSeenAtMs, lastSeenAtMs, ...key }: PinnedKey) {
  return {
    ...key,
    firstSeenAt: new Date(firstSeenAtMs).toISOString(),
    lastSeenAt: new Date(lastSeenAtMs).toISOString(),
  }
}
