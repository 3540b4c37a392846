import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Command } from 'commander'
import { messageOf } from '../../platform/errors.ts'
import { normalizeNodeUrl } from '../connection.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { operator } from '../operator.ts'

interface DeliverOptions {
  node?: string
  tokenFile?: string
  path: string[]
  slots: number
  name: string
  insecure?: boolean
}

const DELIVER_HELP = `
Runs on a further host and moves bytes for a node, which decides what and publishes it. With --node it
talks to the node over HTTPS; the token, which "causeway worker add NAME" prints, comes from --token-file
or from CAUSEWAY_WORKER_TOKEN (or the file CAUSEWAY_WORKER_TOKEN_FILE), never from the command line.
With DIR, the folder of the node (its settings and keys), it works from the node's PostgreSQL itself.
--path names a folder that this host shares with the node, as PATH or, mounted elsewhere, as
PATH_AT_THE_NODE=PATH_HERE; may be given several times. Without one the bytes are sent to the node.
SIGTERM gives back what is being moved; others go on from where it stands.`

/** Adds `deliver`: the program of further hosts that move bytes. */
export function registerDeliver(program: Command, context: CliContext): void {
  const deliver = program
    .command('deliver')
    .argument('[dir]', 'folder of the node, with its database on PostgreSQL')
    .option('--node <url>', 'the node, over HTTPS')
    .option('--token-file <file>', 'file that holds the token of this worker')
    .option('--path <path>', 'a folder shared with the node', collect, [])
    .option('--slots <n>', 'files at a time', toSlots, 4)
    .option('--name <name>', 'with DIR: what the operator calls this host', hostname())
    .option('--insecure', 'http to another machine, in a closed network')
    .description('Move bytes for a node, on another host.')
    .addHelpText('after', DELIVER_HELP)
  onAction<DeliverOptions>(deliver, context, runDeliver)
}

async function runDeliver({ args: [folder], options, context }: CommandCall<DeliverOptions>): Promise<void> {
  const { path: paths, slots, name, node } = options
  if ((folder === undefined) === (node === undefined))
    throw usageError('deliver takes either --node URL or DIR.')
  const onWelcome = (known: string) => context.stdout.write(`delivering as ${known}\n`)
  const work = { paths, slots, onWelcome }
  const { deliverToNode, deliverFromDatabase } = await operator.deliver()
  if (folder !== undefined) return deliverFromDatabase(folder, { ...work, name }, context.signal)
  const insecure = options.insecure === true || context.env.insecure
  const url = normalizeNodeUrl(node as string, insecure)
  return deliverToNode({ url, token: readToken(options.tokenFile, context) }, work, context.signal)
}

function readToken(file: string | undefined, { env }: CliContext): string {
  const token = file === undefined ? env.workerToken : readFile(file)
  if (token) return token
  throw usageError('There is no token: give --token-file FILE or set CAUSEWAY_WORKER_TOKEN.')
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw usageError(`The token cannot be read: ${messageOf(error)}`)
  }
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

function toSlots(text: string): number {
  const slots = Number(text)
  if (Number.isInteger(slots) && slots >= 1 && slots <= 256) return slots
  throw usageError(`--slots takes 1 to 256, not "${text}".`)
}
