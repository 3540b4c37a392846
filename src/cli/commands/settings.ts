import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { operator } from '../operator.ts'

/** Adds `config` and `migrate`: they work on the folder of a node. */
export function registerSettings(program: Command, context: CliContext): void {
  const folder = ['<dir>', 'folder of the node'] as const
  const config = program.command('config').description('The configuration of a node.')
  const show = config
    .command('show')
    .argument(...folder)
    .description('The configuration in force, without secrets.')
  onAction(show, context, async ({ args: [dir = ''], output }) => {
    const { stringify } = await import('yaml')
    const shown = await (await operator.admin()).showConfig(dir)
    output.result(shown, () => stringify(shown).trimEnd())
  })

  const migrate = program.command('migrate').description('The database of a node.')
  const status = migrate
    .command('status')
    .argument(...folder)
    .description('Which migrations have run.')
  onAction(status, context, async ({ args: [dir = ''], output }) => {
    const { stringify } = await import('yaml')
    const found: unknown = await (await operator.admin()).migrationStatus(dir)
    output.result(found, () => stringify(found).trimEnd())
  })
}
