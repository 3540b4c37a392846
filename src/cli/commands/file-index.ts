import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { exitCodes } from '../exit.ts'
import { operator } from '../operator.ts'

/** Adds `index`: the index of a node's files against its disk. */
export function registerIndex(program: Command, context: CliContext): void {
  const index = program.command('index').description('The index of the files of a node.')
  const rebuild = index
    .command('rebuild')
    .argument('<dir>', 'folder of the node')
    .description('Read all files again.')
  onAction(rebuild, context, async ({ args: [dir = ''], output }) => {
    const { stringify } = await import('yaml')
    const report: unknown = await (await operator.admin()).rebuildIndex(dir)
    output.result(report ?? { rebuilt: true }, () =>
      report === undefined || report === null ? 'index rebuilt' : stringify(report).trimEnd(),
    )
  })
  registerCheck(index, context)
}

function registerCheck(index: Command, context: CliContext): void {
  const check = index
    .command('check')
    .argument('<dir>', 'folder of the node')
    .option('--content', 'read every file and compare its checksum too')
    .description('Say where index and disk disagree, and change nothing. Exit code 1 when they do.')
  onAction<{ content?: boolean }>(check, context, async ({ args: [dir = ''], options, output }) => {
    const drives = await (await operator.admin()).checkIndex(dir, { withContent: options.content === true })
    output.result({ drives }, () => drives.flatMap(describeDrive).join('\n'))
    return drives.some(({ differences }) => differences.length > 0) ? exitCodes.failed : exitCodes.ok
  })
}

interface CheckedDrive {
  user: string
  differences: { path: string; kind: string }[]
}

function describeDrive({ user, differences }: CheckedDrive): string[] {
  if (differences.length === 0) return [`${user}: index and disk agree`]
  return differences.map(({ path, kind }) => `${user}: ${path}: ${kind}`)
}
