import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import { type CliContext, onAction } from '../context.ts'
import { formatTime } from '../format.ts'

/** Adds `app-password …`. */
export function registerAppPassword(program: Command, context: CliContext): void {
  const group = program
    .command('app-password')
    .description('Passwords for programs, each revocable by itself.')

  onAction(
    group.command('list').description('App passwords of your account.'),
    context,
    async ({ api, output }) => {
      output.list(await listAll((await api()).pages('listAppPasswords')), {
        headings: ['ID', 'LABEL', 'MADE'],
        row: (item) => [item.id, item.label, formatTime(item.createdAt)],
        empty: 'There are none.',
      })
    },
  )

  const create = group
    .command('create')
    .argument('<label>', 'what it is for')
    .description('Make one; it is shown only now.')
  onAction(create, context, async ({ api, args: [label = ''], output }) => {
    const made = await (await api()).createAppPassword({ body: { label } })
    output.result(made, () => made.password)
    output.note(`Shown only now. Revoke it with "causeway app-password revoke ${made.id}".`)
  })

  const revoke = group.command('revoke').argument('<id>').description('Make one worthless at once.')
  onAction(revoke, context, async ({ api, args: [id = ''], output }) => {
    await (await api()).revokeAppPassword({ params: { id } })
    output.result({ id, state: 'revoked' }, () => `app password ${id} revoked`)
  })
}
