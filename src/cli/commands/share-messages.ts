import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import { type CliContext, onAction } from '../context.ts'

/** Adds `share status` and `share retry`: what other servers have not been told yet. */
export function registerMessages(share: Command, context: CliContext): void {
  const status = share
    .command('status')
    .argument('[id]', 'only of this share')
    .description('What other servers have not been told yet, and why not.')
  onAction(status, context, async ({ api, args: [id], output }) => {
    const all = await listAll((await api()).pages('listMessages'))
    const asked = all.filter(({ shareId }) => id === undefined || shareId === id)
    output.list(asked, {
      headings: ['ID', 'MESSAGE', 'TO', 'STATE', 'TRIES', 'NEXT TRY', 'WHY NOT'],
      row: (item) => [
        ...[item.id, item.type, item.host, item.state, String(item.tries)],
        ...[item.nextTryAt ?? '', item.lastError ?? ''],
      ],
      empty: 'Everything has arrived.',
    })
  })

  const retry = share.command('retry').argument('<message>').description('Send a message again now.')
  onAction(retry, context, async ({ api, args: [id = ''], output }) => {
    const message = await (await api()).retryMessage({ params: { id } })
    output.result(message, () => `${message.type} to ${message.host} is sent again`)
  })
}
