import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import type { Endpoint, NewEndpoint } from '../../client/operations.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { exitCodes, usageError } from '../exit.ts'
import { askSecret } from '../prompt.ts'

const HELP = `
Kinds: webdav and http (URL, --set user=…, --ask password or token); s3 (URL of the server unless it is
Amazon's; --set bucket=… prefix=… region=… provider=… accessKeyId=…, --ask secretAccessKey); sftp
(sftp://host/folder, --set user=…, --ask password or privateKey); rclone (--set type=… and the settings
of that backend, root=… for a folder).
A secret is never an argument: --ask NAME takes it from CAUSEWAY_ENDPOINT_NAME (or the file
CAUSEWAY_ENDPOINT_NAME_FILE), such as CAUSEWAY_ENDPOINT_SECRET_ACCESS_KEY, else from standard input, else it
asks. With --secrets-stdin all of them are one JSON object on standard input.`

const MAX_STDIN_BYTES = 128 * 1024

interface AddOptions {
  set: string[]
  ask: string[]
  secretsStdin?: boolean
  shared?: boolean
  group: string[]
  thirdParty?: NewEndpoint['thirdPartyCopy']
  tape?: string
}

/** Adds `endpoint …`: storage that is defined once, for transfers. */
export function registerEndpoint(program: Command, context: CliContext): void {
  const endpoint = program
    .command('endpoint')
    .description('Storage elsewhere, defined once with its secrets: WebDAV, HTTP, S3, SFTP, rclone.')
  registerAdd(endpoint, context)
  registerLooks(endpoint, context)
  registerTest(endpoint, context)
  const remove = endpoint.command('remove').argument('<name>', 'name or id').description('Forget one.')
  onAction(remove, context, async ({ api, args: [name = ''], output }) => {
    const client = await api()
    const { id } = await client.getEndpoint({ params: { id: name } })
    await client.removeEndpoint({ params: { id } })
    output.result({ id, removed: true }, () => `endpoint ${name} removed`)
  })
}

function registerAdd(endpoint: Command, context: CliContext): void {
  const collect = (value: string, before: string[]) => [...before, value]
  const add = endpoint
    .command('add')
    .argument('<name>', 'how you name it from now on')
    .argument('<kind>', 'webdav, http, s3, sftp or rclone')
    .argument('[url]', 'where it is, without a user name or password')
    .option('--set <name=value>', 'a setting that is no secret; may be repeated', collect, [])
    .option('--ask <name>', 'a secret to be read, not given here; may be repeated', collect, [])
    .option('--secrets-stdin', 'all secrets as one JSON object on standard input')
    .option('--shared', 'one of the operator, for everybody')
    .option('--group <name>', 'of the operator, for the members of a group; may be repeated', collect, [])
    .option('--third-party <choice>', 'whether it copies with other servers by itself: yes, no or auto')
    .option('--tape <url>', 'base of its tape API, where that is not found by itself')
    .description('Define storage.')
    .addHelpText('after', HELP)
  onAction<AddOptions>(add, context, async (call) => {
    const { options, output } = call
    const [name = '', kind = '', url] = call.args
    const body: NewEndpoint = {
      ...{ name, url },
      // Which kinds and choices there are is the node's to say.
      kind: kind as NewEndpoint['kind'],
      parameters: toParameters(options.set),
      secrets: await readSecrets(call),
      ...(options.shared === true || options.group.length > 0 ? { shared: true } : {}),
      ...(options.group.length > 0 ? { groups: options.group } : {}),
      thirdPartyCopy: options.thirdParty,
      tapeUrl: options.tape,
    }
    const made = await (await call.api()).createEndpoint({ body })
    output.result(made, () => `endpoint ${made.name} added`)
    output.note(`Try it with "causeway endpoint test ${made.name}".`)
  })
}

function toParameters(settings: readonly string[]): Record<string, string> {
  const pairs = settings.map((text): [string, string] => {
    const equals = text.indexOf('=')
    if (equals < 1) throw usageError(`--set takes name=value, not ${JSON.stringify(text)}.`)
    return [text.slice(0, equals), text.slice(equals + 1)]
  })
  return Object.fromEntries(pairs)
}

async function readSecrets({ options, context }: CommandCall<AddOptions>): Promise<Record<string, string>> {
  if (options.secretsStdin === true) return parseSecrets(await readAll(context))
  const secrets: Record<string, string> = {}
  let isStdinRead = false
  for (const name of options.ask) {
    if (name.includes('=')) throw usageError('--ask takes a name only; arguments are seen by everybody here.')
    const known = context.env.endpointSecrets?.[toEnvironmentName(name)]
    if (known === undefined && !context.stdin.isTTY && isStdinRead)
      throw usageError(
        'Standard input holds one secret; give the others in the environment, or all with --secrets-stdin.',
      )
    if (known !== undefined) secrets[name] = known
    else if (context.stdin.isTTY) secrets[name] = await askSecret(context, `${name}: `)
    else {
      secrets[name] = (await readAll(context)).replace(/\r?\n$/, '')
      isStdinRead = true
    }
    if (secrets[name] === '') throw usageError(`The secret ${name} is empty.`)
  }
  return secrets
}

function parseSecrets(text: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text)
    const isRight =
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((one) => typeof one === 'string')
    if (isRight) return value as Record<string, string>
  } catch {
    // The parser's words could hold the secret itself.
  }
  throw usageError('--secrets-stdin takes one JSON object of texts, such as {"password": "…"}.')
}

async function readAll({ stdin }: CliContext): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk))
    sizeBytes += chunk.length
    if (sizeBytes > MAX_STDIN_BYTES) throw usageError('Standard input is too long to be a secret.')
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** secretAccessKey → SECRET_ACCESS_KEY */
function toEnvironmentName(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()
}

function registerLooks(endpoint: Command, context: CliContext): void {
  const list = endpoint.command('list').description('The storage that you may use, yours and the operator’s.')
  onAction(list, context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listEndpoints')), {
      headings: ['NAME', 'KIND', 'OF', 'WHERE'],
      row: (one) => [one.name, one.kind, one.owner, whereOf(one)],
      empty: 'There are none.',
    })
  })
  const show = endpoint.command('show').argument('<name>', 'name or id').description('All about one.')
  onAction(show, context, async ({ api, args: [name = ''], output }) => {
    const one = await (await api()).getEndpoint({ params: { id: name } })
    output.result(one, () => describe(one).join('\n'))
  })
}

function whereOf({ url, parameters = {} }: Endpoint): string {
  const { bucket, prefix, type, root } = parameters
  const inside = [bucket ?? type, prefix ?? root].filter(Boolean).join('/')
  return [url, inside].filter(Boolean).join(' ')
}

function describe(one: Endpoint): string[] {
  const settings = Object.entries(one.parameters ?? {}).map(([name, value]) => `${name}: ${value}`)
  return [
    `name: ${one.name}`,
    `id: ${one.id}`,
    `kind: ${one.kind}`,
    `of: ${one.owner}`,
    ...(one.url === undefined ? [] : [`url: ${one.url}`]),
    ...settings,
    `secrets: ${one.secrets.length === 0 ? 'none' : `${one.secrets.join(', ')} (never shown)`}`,
    ...(one.groups === undefined ? [] : [`groups: ${one.groups.join(', ')}`]),
    `copies with other servers: ${copyOf(one)}`,
    ...(one.tapeUrl === undefined ? [] : [`tape API: ${one.tapeUrl}`]),
  ]
}

function copyOf({ thirdPartyCopy, takesThirdPartyCopy }: Endpoint): string {
  if (thirdPartyCopy !== 'auto') return thirdPartyCopy
  if (takesThirdPartyCopy === undefined) return 'not known yet; "causeway endpoint test" asks'
  return takesThirdPartyCopy ? 'yes' : 'no'
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: '-   ' } as const

function registerTest(endpoint: Command, context: CliContext): void {
  const test = endpoint
    .command('test')
    .argument('<name>', 'name or id')
    .option('--no-write', 'do not write a small file and remove it again')
    .description('Try one: reach, list, write, checksums, ranges, copies with others.')
  onAction<{ write: boolean }>(test, context, async ({ api, args: [name = ''], options, output }) => {
    const { write } = options
    const result = await (await api()).testEndpoint({ params: { id: name }, body: { write } })
    output.result(result, () =>
      result.findings.map(({ level, message }) => `${MARKS[level]} ${message}`).join('\n'),
    )
    return result.works ? exitCodes.ok : exitCodes.failed
  })
}
