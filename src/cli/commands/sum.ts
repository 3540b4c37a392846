import { type Command, Option } from 'commander'
import { isoTime } from '../../platform/clock.ts'
import { CHECKSUM_TYPES, type ChecksumType, Hasher } from '../checksums.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError, usageError } from '../exit.ts'
import { formatTable } from '../format.ts'
import type { NamedPlace, Places } from '../places.ts'
import { getEntry, type RemoteOptions, toPlaces, withRemoteOptions } from '../remote-command.ts'
import { findRemoteSum } from '../remote-sum.ts'

const SUM_HELP = `
A location is whatever cp takes. The server is asked first (oc:checksums, Want-Digest); when it does not
say, or with --compute, the bytes are read and the checksum is computed here.`

interface SumOptions extends RemoteOptions {
  type: ChecksumType
  compute?: boolean
}

/** Adds `stat` and `sum`. */
export function registerSum(program: Command, context: CliContext): void {
  const stat = withRemoteOptions(program.command('stat').argument('<locations...>'))
    .description('All that is known of files and folders.')
    .addHelpText('after', '\nA location is whatever cp takes.')
  onAction<RemoteOptions>(stat, context, async (call) => {
    const places = toPlaces(call)
    for (const text of call.args) await printStat(call, await findPlace(places, text))
  })

  const sum = withRemoteOptions(program.command('sum').argument('<locations...>'))
    .addOption(new Option('--type <type>', 'which checksum').choices(CHECKSUM_TYPES).default('sha256'))
    .option('--compute', 'read the bytes and do not believe the server')
    .description('Checksums of files.')
    .addHelpText('after', SUM_HELP)
  onAction<SumOptions>(sum, context, async (call) => {
    const places = toPlaces(call)
    for (const text of call.args) await printSum(call, await findPlace(places, text))
  })
}

async function findPlace(places: Places, text: string): Promise<NamedPlace> {
  const place = await places.find(text)
  if (place === undefined) throw usageError('"-" has no name; name a file.')
  return place
}

async function printStat({ output }: CommandCall<RemoteOptions>, { tree, path }: NamedPlace): Promise<void> {
  const entry = await tree.find(path)
  const name = tree.nameOf(path)
  if (entry === undefined)
    throw new CliError(`${name}: nothing is there.`, { code: 'NOT_FOUND', status: 404 })
  const { kind, sizeBytes, mtimeMs, checksums, etag } = entry
  const modifiedAt = mtimeMs === undefined ? undefined : isoTime(mtimeMs)
  const facts = { name, kind, sizeBytes, modifiedAt, etag }
  output.result({ ...facts, checksums }, () => {
    const rows = Object.entries({ ...facts, ...checksums }).filter(([, value]) => value !== undefined)
    return formatTable(rows.map(([key, value]) => [key, String(value)])).trimEnd()
  })
}

async function printSum(
  { options, output, context }: CommandCall<SumOptions>,
  place: NamedPlace,
): Promise<void> {
  const { tree, path } = place
  const { type } = options
  const name = tree.nameOf(path)
  if (tree.drive !== undefined && (await getEntry({ drive: tree.drive, path })).kind === 'folder')
    throw new CliError(`${name} is a folder; a checksum is of one file.`, { code: 'IS_FOLDER' })
  const told =
    tree.drive === undefined || options.compute ? undefined : await findRemoteSum(tree.drive, path, type)
  const value = told ?? (await compute(place, type, context.signal))
  const from = told === undefined ? 'computed' : 'server'
  output.result({ name, type, value, from }, () => `${value}  ${name}`)
}

async function compute({ tree, path }: NamedPlace, type: ChecksumType, signal: AbortSignal): Promise<string> {
  const { body, sizeBytes } = await tree.read(path)
  const hasher = new Hasher([type])
  let readBytes = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    signal.throwIfAborted()
    hasher.update(piece)
    readBytes += piece.length
  }
  if (sizeBytes === undefined || sizeBytes === readBytes) return hasher.digest()[type] ?? ''
  throw new CliError(`${tree.nameOf(path)}: ${readBytes} of ${sizeBytes} bytes came. Try again.`, {
    code: 'TRUNCATED',
  })
}
