import { readFileSync } from 'node:fs'
import { Command, Help, type Option } from 'commander'
import { registerAppPassword } from './commands/app-password.ts'
import { registerBench } from './commands/bench.ts'
import { registerCompletion } from './commands/completion.ts'
import { registerCopy } from './commands/copy.ts'
import { registerDeliver } from './commands/deliver.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerEndpoint } from './commands/endpoint.ts'
import { registerIndex } from './commands/file-index.ts'
import { registerFiles } from './commands/files.ts'
import { registerGroup } from './commands/group.ts'
import { registerInvite } from './commands/invite.ts'
import { registerKeys } from './commands/keys.ts'
import { registerList } from './commands/list.ts'
import { registerLogin } from './commands/login.ts'
import { registerOperator } from './commands/operator.ts'
import { registerPeer } from './commands/peer.ts'
import { registerSettings } from './commands/settings.ts'
import { registerShare } from './commands/share.ts'
import { registerStage } from './commands/stage.ts'
import { registerSum } from './commands/sum.ts'
import { registerTransfer } from './commands/transfer.ts'
import { registerTrash } from './commands/trash.ts'
import { registerTrust } from './commands/trust.ts'
import { registerWorker } from './commands/worker.ts'
import type { CliContext } from './context.ts'
import { addExamples } from './examples.ts'

const HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with errors, 124 waited too long, 130 interrupted.
Environment: CAUSEWAY_URL, CAUSEWAY_USER, CAUSEWAY_TOKEN or CAUSEWAY_PASSWORD instead of a login (the
secrets also as files, CAUSEWAY_TOKEN_FILE); CAUSEWAY_PROFILE, NO_COLOR, NODE_EXTRA_CA_CERTS (PEM file of a private certificate authority).`

/** Where there is no terminal. */
const HELP_COLUMNS = 80

type Register = (program: Command, context: CliContext) => void

const GROUPS: [heading: string, registers: Register[]][] = [
  [
    'Run a node:',
    [
      registerOperator,
      registerDeliver,
      registerWorker,
      registerGroup,
      registerSettings,
      registerTrust,
      registerPeer,
      registerKeys,
      registerIndex,
      registerDoctor,
      registerBench,
    ],
  ],
  ['Log in to a node:', [registerLogin, registerAppPassword, registerCompletion]],
  ['Files:', [registerList, registerCopy, registerFiles, registerSum, registerTrash]],
  ['People and copies:', [registerInvite, registerShare, registerTransfer, registerStage, registerEndpoint]],
]

/** The whole command: every sub-command, its options and its help. */
export function createProgram(context: CliContext): Command {
  const program = new Command('causeway')
    .description('A federated sync-and-share node: run one, or use one.')
    .version(readVersion(), '-V, --version')
    .option('--json', 'one JSON object, or one a line for lists; errors too')
    .option('--profile <name>', 'which login to use')
    .configureHelp({ showGlobalOptions: true, subcommandDescription: summaryOf, optionDescription })
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: () => context.stdout.columns ?? HELP_COLUMNS,
      getErrHelpWidth: () => context.stderr.columns ?? HELP_COLUMNS,
      writeOut: (text) => void context.stdout.write(text),
      // The reason of a usage error is told once, by us, as JSON where asked for; a group without its
      // sub-command shows its help.
      writeErr: (text) => {
        if (text.startsWith('Usage:')) context.stderr.write(`${text}\n`)
      },
    })
  for (const [heading, registers] of GROUPS) {
    program.commandsGroup(heading)
    for (const register of registers) register(program, context)
  }
  addExamples(program)
  return program
}

/** In a list of commands: the description without capital and full stop. */
function summaryOf(command: Command): string {
  const text = command.summary() || command.description()
  return (text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, '')
}

/** Commander's, but that no list is given is not worth a word. */
function optionDescription(this: Help, option: Option): string {
  return Help.prototype.optionDescription.call(this, option).replace(' (default: [])', '')
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
