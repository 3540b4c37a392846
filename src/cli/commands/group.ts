import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { operator } from '../operator.ts'

const FOLDER = ['<dir>', 'folder of the node'] as const
const GROUP = ['<group>', 'name of the group'] as const
const USER = ['<user>', 'name of a user of this node'] as const

/** Adds `group …`: who is in which group; works on the folder of a node. */
export function registerGroup(program: Command, context: CliContext): void {
  const group = program.command('group').description('Groups of people of a node.')
  const command = (name: string, description: string) =>
    group
      .command(name)
      .argument(...FOLDER)
      .description(description)

  const add = command('add', 'Make a group.')
    .argument(...GROUP)
    .option('--display-name <text>', 'how people see the group')
  onAction<{ displayName?: string }>(
    add,
    context,
    async ({ args: [dir = '', name = ''], options, output }) => {
      const made = await (await operator.admin()).addGroup(dir, name, options.displayName)
      output.result({ group: made.name, displayName: made.displayName }, () => `group ${made.name} made`)
    },
  )

  const remove = command('remove', 'Remove a group; what is shared with it is over at once.').argument(
    ...GROUP,
  )
  onAction(remove, context, async ({ args: [dir = '', name = ''], output }) => {
    await (await operator.admin()).removeGroup(dir, name)
    output.result({ group: name, removed: true }, () => `group ${name} removed`)
  })

  onAction(command('list', 'All groups.'), context, async ({ args: [dir = ''], output }) => {
    output.list(await (await operator.admin()).listGroups(dir), {
      headings: ['GROUP', 'NAME', 'MEMBERS'],
      row: (item) => [item.name, item.displayName, String(item.memberCount)],
      empty: 'There are no groups.',
    })
  })
  registerMembers(command, context)
}

function registerMembers(command: (name: string, description: string) => Command, context: CliContext): void {
  const members = command('members', 'Who is in a group.').argument(...GROUP)
  onAction(members, context, async ({ args: [dir = '', name = ''], output }) => {
    output.list(await (await operator.admin()).listGroupMembers(dir, name), {
      headings: ['USER', 'NAME'],
      row: (item) => [item.name, item.displayName],
      empty: 'Nobody is in this group.',
    })
  })

  const join = command('join', 'Put somebody into a group; they get what is shared with it.')
  onAction(
    join.argument(...GROUP).argument(...USER),
    context,
    async ({ args: [dir = '', name = '', user = ''], output }) => {
      const joined = await (await operator.admin()).joinGroup(dir, name, user)
      output.result(
        { group: name, user, joined },
        () => `${user} is ${joined ? 'now' : 'already'} in ${name}`,
      )
    },
  )

  const leave = command(
    'leave',
    'Take somebody out of a group; what is shared with it is over for them at once.',
  )
  onAction(
    leave.argument(...GROUP).argument(...USER),
    context,
    async ({ args: [dir = '', name = '', user = ''], output }) => {
      const left = await (await operator.admin()).leaveGroup(dir, name, user)
      output.result({ group: name, user, left }, () => `${user} is ${left ? 'no longer' : 'not'} in ${name}`)
    },
  )
}
