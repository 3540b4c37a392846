import type { Command } from 'commander'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { operator } from '../operator.ts'
import { readSecret } from '../prompt.ts'

interface InitOptions {
  publicUrl: string
  admin?: string
  displayName?: string
  passwordStdin?: boolean
}

interface UserOptions {
  displayName?: string
  email?: string
  admin?: boolean
  passwordStdin?: boolean
}

/** Adds `init`, `serve` and `user`: they work on the folder of a node. */
export function registerOperator(program: Command, context: CliContext): void {
  const init = program
    .command('init')
    .argument('<dir>', 'folder of the node; made when missing')
    .requiredOption('--public-url <url>', 'where the world reaches the node')
    .option('--admin <name>', 'name of the first user', 'admin')
    .option('--display-name <text>', 'how people see the first user')
    .option('--password-stdin', "read the first user's password from standard input instead of making one")
    .description('Make a node: configuration, keys, database, first user.')
  onAction<InitOptions>(init, context, runInit)

  const serve = program
    .command('serve')
    .argument('<dir>', 'folder of the node')
    .option('--port <n>', 'port instead of the configured one; 0 takes a free one', toPort)
    .option('--host <address>', 'address instead of the configured one')
    .summary('run a node')
    .description(
      'Run a node. When it is ready, "listening on URL" stands on standard output. Ctrl-C stops it orderly.',
    )
  onAction<{ port?: number; host?: string }>(serve, context, runServe)

  registerUser(program, context)
}

async function runInit({
  args: [folder = ''],
  options,
  output,
  context,
}: CommandCall<InitOptions>): Promise<void> {
  const { publicUrl, admin, displayName } = options
  const password = options.passwordStdin ? await readSecret(context.stdin) : undefined
  const { initNode } = await operator.admin()
  const made = await initNode(folder, defined({ publicUrl, admin, password, displayName }))
  output.result({ folder, publicUrl, user: made.adminName, password: made.password }, () => {
    const secret =
      made.password === undefined ? '' : `\npassword of ${made.adminName}, shown only now: ${made.password}`
    return `node made in ${folder}${secret}`
  })
  output.note(`Run it with "causeway serve ${quoted(folder)}".`)
}

/** As it is typed into a shell. */
function quoted(word: string): string {
  return /^[\w./~+:@%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

async function runServe({
  args: [folder = ''],
  options,
  context,
}: CommandCall<{ port?: number; host?: string }>): Promise<void> {
  const { serve } = await operator.serve()
  const onListening = (url: string) => {
    context.stdout.write(`listening on ${url}\n`)
  }
  const node = await serve(folder, { ...defined({ port: options.port, host: options.host }), onListening })
  const stop = () => {
    node.stop().catch((error: unknown) => context.stderr.write(`${String(error)}\n`))
  }
  if (context.signal.aborted) stop()
  context.signal.addEventListener('abort', stop, { once: true })
  await node.stopped
}

function registerUser(program: Command, context: CliContext): void {
  const user = program.command('user').description('Accounts of a node.')
  const add = user
    .command('add')
    .argument('<dir>', 'folder of the node')
    .argument('<name>')
    .option('--password-stdin', 'read the password from standard input instead of making one')
    .option('--display-name <text>', 'how people see the user')
    .option('--email <address>')
    .option('--admin', 'may administrate the node')
    .description('Add an account.')
  onAction<UserOptions>(add, context, async ({ args: [folder = '', name = ''], options, output }) => {
    const password = options.passwordStdin ? await readSecret(context.stdin) : undefined
    const { displayName, email, admin } = options
    const { addUser } = await operator.admin()
    const made = await addUser(folder, { name, ...defined({ password, displayName, email, admin }) })
    output.result({ user: made.name, password: made.password }, () =>
      made.password === undefined
        ? `user ${made.name} added`
        : `user ${made.name} added\npassword, shown only now: ${made.password}`,
    )
  })
}

function toPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw usageError(`--port takes a number from 0 to 65535, not "${text}".`)
  return port
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
type Required<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }

/** The same object without keys that are undefined. */
function defined<T extends object>(value: T): Defined<T> & Required<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T> &
    Required<T>
}
