import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { operator } from '../operator.ts'

const FOLDER = ['<dir>', 'folder of the node'] as const
const HOST = ['<host>', 'host, with its port when it has one'] as const

/** Adds `trust …`: whom a node talks to; it works on the folder of a node. */
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
}
