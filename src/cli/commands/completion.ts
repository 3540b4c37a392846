import type { Command } from 'commander'
import { toCompletionScript } from '../completion.ts'
import { type CliContext, onAction } from '../context.ts'

const HELP = `
For bash: put eval "$(causeway completion)" into ~/.bashrc. For zsh: autoload -U bashcompinit and
bashcompinit before it.`

/** Adds `completion`. */
export function registerCompletion(program: Command, context: CliContext): void {
  const completion = program
    .command('completion')
    .description('A script that completes commands and options in bash and zsh.')
    .addHelpText('after', HELP)
  onAction(completion, context, async ({ output }) => {
    output.stdout.write(toCompletionScript(program))
  })
}
