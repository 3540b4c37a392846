import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { operator } from '../operator.ts'

const FOLDER = ['<dir>', 'folder of the node'] as const
const HOST = ['<host>', 'host, with its port when it has one'] as const

/** Adds `trust …` and `peer …`: whom a node talks to; they work on the folder of a node. */
export function registerTrust(program: Command, context: CliContext): void {
  const trust = program.command('trust').description('Which nodes this one talks to.')
  const command = (name: string, description: string) =>
    trust
      .command(name)
      .argument(...FOLDER)
      .argument(...HOST)
      .description(description)

  onAction(command('add', 'Allow a peer.'), context, async ({ args: [dir = '', host = ''], output }) => {
    await (await operator.admin()).trustHost(dir, host)
    output.result({ host, trusted: true }, () => `${host} is trusted`)
  })
  const remove = command('remove', 'Take a peer off the allow list.')
  onAction(remove, context, async ({ args: [dir = '', host = ''], output }) => {
    const removed = await (await operator.admin()).removeTrust(dir, host, 'allowed')
    output.result({ host, removed }, () => `${host} is ${removed ? 'no longer' : 'not'} on the allow list`)
  })
  const deny = command('deny', 'Refuse a peer, whatever the policy, on every port unless one is named.')
  onAction(deny, context, async ({ args: [dir = '', host = ''], output }) => {
    await (await operator.admin()).trustHost(dir, host, 'denied')
    output.result({ host, denied: true }, () => `${host} is denied`)
  })
  const undeny = command('undeny', 'Take a peer off the deny list.')
  onAction(undeny, context, async ({ args: [dir = '', host = ''], output }) => {
    const removed = await (await operator.admin()).removeTrust(dir, host, 'denied')
    output.result({ host, removed }, () => `${host} is ${removed ? 'no longer' : 'not'} on the deny list`)
  })

  const list = trust
    .command('list')
    .argument(...FOLDER)
    .description('Both lists.')
  onAction(list, context, async ({ args: [dir = ''], output }) => {
    output.list(await (await operator.admin()).listTrust(dir), {
      headings: ['HOST', 'LIST'],
      row: (entry) => [entry.host, entry.list],
      empty: 'No host is allowed or denied by name.',
    })
  })

  registerPeer(program, context)
}

function registerPeer(program: Command, context: CliContext): void {
  const peer = program.command('peer').description('The keys that other nodes sign with.')

  const keys = peer
    .command('keys')
    .argument(...FOLDER)
    .argument('[host]', 'of this host only')
    .description('The keys that peers signed with; those held wait for a decision.')
  onAction(keys, context, async ({ args: [dir = '', host], output }) => {
    output.list((await (await operator.admin()).listPeerKeys(dir, host)).map(toShown), {
      headings: ['HOST', 'STATE', 'KEY', 'FORM', 'FIRST SEEN', 'LAST SEEN'],
      row: (key) => [key.host, key.state, key.keyId, key.form, key.firstSeenAt, key.lastSeenAt],
      empty: 'No peer has signed a message yet.',
    })
  })

  const accept = peer
    .command('accept-key')
    .argument(...FOLDER)
    .argument(...HOST)
    .description('Take the changed key of a peer, after asking its operators.')
  onAction(accept, context, async ({ args: [dir = '', name = ''], output }) => {
    const host = await (await operator.admin()).acceptPeerKey(dir, name)
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
