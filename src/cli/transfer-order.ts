import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type {
  RecurringOrder,
  ScheduleRule,
  TransferFilter,
  TransferItem,
  TransferOptions,
  TransferSource,
} from '../client/operations.ts'
import { isoTime } from '../platform/clock.ts'
import type { Api } from './api.ts'
import type { CliContext } from './context.ts'
import { CliError, usageError } from './exit.ts'
import { parseMoment } from './moment.ts'
import { numberBetween } from './numbers.ts'
import { readPairs } from './transfer-list.ts'
import { describePlace, type PlaceRef, parseDestination, parsePlace, withShareId } from './transfer-places.ts'

/** What every order may say, also one that comes again. */
export interface OrderOptions {
  replica: string[]
  overwrite?: RecurringOrder['overwrite']
  label?: string
  priority?: number
  executor?: RecurringOrder['executor']
  verify?: RecurringOrder['verify']
  sync?: TransferOptions['sync']
  filters: TransferFilter[]
  deleteExtra?: boolean
  maxDelete?: number | string
  onError?: TransferOptions['onItemError']
  tries?: number
  streams?: number
  bandwidth?: number
  minSpeed?: number
  checksum?: TransferOptions['checksums']
  webhook?: string
  batch?: string
  bulk?: string
}

/** Adds the options that say what is copied and how. */
export function addOrderOptions(command: Command): Command {
  // Includes and excludes are one list: the first that matches decides.
  const filters: TransferFilter[] = []
  command.setOptionValue('filters', filters)
  const collect = (action: TransferFilter['action']) => (pattern: string) => {
    filters.push({ action, pattern })
    return pattern
  }
  return command
    .option('--replica <place>', 'the same source at another place; may be repeated', append, [])
    .addOption(
      new Option('--overwrite <when>', 'what is there already').choices(['never', 'always', 'if-different']),
    )
    .addOption(
      new Option('--sync <level>', 'what counts as the same').choices([
        'exists',
        'size',
        'mtime',
        'checksum',
      ]),
    )
    .addOption(
      new Option('--filter <pattern>', 'take files like this; rules in order').argParser(collect('include')),
    )
    .addOption(
      new Option('--exclude <pattern>', 'leave out files like this; folders end in /').argParser(
        collect('exclude'),
      ),
    )
    .option('--delete-extra', 'remove at the destination what the source has not')
    .option(
      '--max-delete <n>',
      'with --delete-extra: remove nothing when it would be more files than this, such as 100, 20% or all',
      maxDelete,
    )
    .option('--label <text>', 'a name of yours')
    .option('--priority <n>', '1 to 100, higher goes first (default 50)', numberBetween(1, 100))
    .addOption(
      new Option('--executor <name>', 'who moves the bytes').choices([
        'auto',
        'stream',
        'rclone',
        'third-party',
        'fts',
      ]),
    )
    .addOption(new Option('--verify <how>', 'how a copy is compared').choices(['checksum', 'size']))
    .addOption(new Option('--on-error <what>', 'when a file fails for good').choices(['skip', 'fail']))
    .option('--tries <n>', 'attempts per file', numberBetween(1, 100))
    .option('--streams <n>', 'requests at a time for one large file', numberBetween(1, 16))
    .option('--bandwidth <rate>', 'no more than this per second, such as 10M or 512K', rate)
    .option('--min-speed <rate>', 'try again what is slower than this over a minute', rate)
    .option('--checksum <type:hex>', 'what the one source file must have', checksum)
    .option('--webhook <url>', 'told by POST when it is over')
    .option('--batch <file>', 'pairs of source and destination, one a line; - reads standard input')
    .option('--bulk <file>', 'JSON: {"items": …} or a submission of FTS; - reads standard input')
}

/** The body of an order, from arguments and options. */
export async function toOrderBody(
  call: { args: string[]; options: OrderOptions; context: CliContext },
  api: () => Promise<Api>,
): Promise<RecurringOrder> {
  const { args, options, context } = call
  const common = { ...commonOf(options), options: jobOptionsOf(options) }
  const sourceOfFiles = options.batch ?? options.bulk
  if (sourceOfFiles !== undefined) {
    if (args.length > 0 || (options.batch !== undefined && options.bulk !== undefined))
      throw usageError('Name a source and a destination, or --batch, or --bulk; one of them.')
    return options.batch === undefined
      ? { ...(await readBulk(sourceOfFiles, context)), ...common }
      : { items: await readBatch(sourceOfFiles, context, api), ...common }
  }
  const [source, destination] = args
  if (source === undefined || destination === undefined)
    throw usageError('A source and a destination are needed, or --batch, or --bulk.')
  const places = [source, ...options.replica].map(parsePlace)
  const to = parseDestination(destination)
  const refs = await Promise.all(places.map((place) => resolve(place, api)))
  assertApart(refs, to)
  return { source: sourceOf(refs), destination: to, ...common }
}

function sourceOf(places: PlaceRef[]): TransferSource {
  const [only] = places
  return only !== undefined && places.length === 1 ? only : { replicas: places }
}

async function resolve(place: PlaceRef, api: () => Promise<Api>): Promise<PlaceRef> {
  return 'shareId' in place ? withShareId(await api(), place) : place
}

function assertApart(sources: readonly PlaceRef[], destination: PlaceRef): void {
  if (sources.some((source) => JSON.stringify(source) === JSON.stringify(destination)))
    throw usageError(`${describePlace(destination)} is source and destination. Choose another destination.`)
}

function commonOf(options: OrderOptions) {
  const { overwrite, label, priority, executor, verify } = options
  return { overwrite, label, priority, executor, verify }
}

function jobOptionsOf(options: OrderOptions): TransferOptions | undefined {
  const { sync, filters, deleteExtra, maxDelete, onError, tries, streams, bandwidth, minSpeed, webhook } =
    options
  const all = {
    ...{ sync, deleteExtra, maxDelete, webhook, streams, checksums: options.checksum },
    filters: filters.length > 0 ? filters : undefined,
    onItemError: onError,
    maxTries: tries,
    bandwidthBytesPerSecond: bandwidth,
    minBytesPerSecond: minSpeed,
  }
  return Object.values(all).some((value) => value !== undefined) ? all : undefined
}

async function readBatch(
  path: string,
  context: CliContext,
  api: () => Promise<Api>,
): Promise<TransferItem[]> {
  const pairs = await readPairs(path, context)
  return Promise.all(
    pairs.map(async ({ source, destination }) => ({
      source: await resolve(parsePlace(source), api),
      destination: parseDestination(destination),
    })),
  )
}

interface FtsFile {
  sources: string[]
  destinations: string[]
  filesize?: number
  checksum?: string
}

/** Ours, or that of FTS3: `{"files": [{"sources": […], "destinations": […]}]}`. */
async function readBulk(path: string, context: CliContext): Promise<Pick<RecurringOrder, 'items'>> {
  const text = path === '-' ? await readAll(context) : await readText(path)
  let value: { items?: TransferItem[]; files?: FtsFile[] }
  try {
    value = JSON.parse(text) as typeof value
  } catch (cause) {
    throw usageError(`${path} is no JSON: ${cause instanceof Error ? cause.message : ''}`)
  }
  if (Array.isArray(value?.items)) return { items: value.items }
  if (!Array.isArray(value?.files)) throw usageError(`${path} has neither "items" nor "files".`)
  return { items: value.files.map((file, index) => fromFts(file, index)) }
}

function fromFts({ sources, destinations, filesize, checksum: given }: FtsFile, index: number): TransferItem {
  const [destination] = destinations ?? []
  if (!Array.isArray(sources) || sources.length === 0 || destination === undefined)
    throw usageError(`File ${index} of the list lacks sources or destinations.`)
  return {
    source: sourceOf(sources.map(parsePlace)),
    destination: parseDestination(destination),
    ...(filesize ? { sizeBytes: filesize } : {}),
    ...(given ? { checksums: checksum(given) } : {}),
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError(`${path} cannot be read.`, { code: 'NO_LIST', cause })
  }
}

async function readAll({ stdin }: CliContext): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stdin as AsyncIterable<Buffer>)).toString('utf8')
}

/** `sha256:HEX`, of any checksum that the node can compare. */
function checksum(text: string): TransferOptions['checksums'] {
  const [, type = '', hex = ''] = /^(sha256|sha1|md5|adler32|crc32c):([0-9a-f]{8,64})$/i.exec(text) ?? []
  if (type === '')
    throw new InvalidArgumentError('Write it as sha256:HEX; also sha1, md5, adler32 and crc32c.')
  return { [type.toLowerCase()]: hex.toLowerCase() }
}

/** A number of files, a share of them, or all. */
export function maxDelete(text: string): number | string {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  if (text === 'all' || /^(?:100|[1-9]?\d)%$/.test(text)) return text
  throw new InvalidArgumentError('Write a number of files, a share such as 20%, or all.')
}

/** Bytes per second: `10M`, `512K`, `1.5G`, `100B`. */
export function rate(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([BKMG])(?:i?B)?$/i.exec(text) ?? []
  const bytes = Math.round(Number(number) * 1024 ** 'BKMG'.indexOf(unit.toUpperCase()))
  if (number === undefined || bytes < 1)
    throw new InvalidArgumentError('Write it with a unit: 10M (MiB per second), 512K, 100B.')
  return bytes
}

function append(value: string, before: string[]): string[] {
  return [...before, value]
}

export interface RhythmOptions {
  every?: string
  daily?: string
  cron?: string
  onChange?: number | true
  timeZone?: string
}

export function addRhythmOptions(command: Command): Command {
  return command
    .option('--every <span>', 'again and again, such as 6h (m, h, d, w)')
    .option('--daily <time>', 'every day at this time, such as 02:00')
    .option('--cron <fields>', 'five cron fields, such as "0 2 * * Mon-Fri"')
    .option(
      '--on-change [minutes]',
      'whenever the source has changed; how often to look',
      numberBetween(1, 525_600),
    )
    .option('--time-zone <name>', 'whose clocks count, such as Europe/Amsterdam (default UTC)')
}

/** When a recurring order runs; undefined for one that runs once. */
export function rhythmOf(options: RhythmOptions): ScheduleRule | undefined {
  const { every, daily, cron, onChange, timeZone } = options
  const given = [every, daily, cron, onChange].filter((one) => one !== undefined)
  if (given.length > 1) throw usageError('--every, --daily, --cron and --on-change: one of them.')
  if (onChange !== undefined) return { onChangeEveryMinutes: onChange === true ? 5 : onChange }
  const at = every === undefined ? (daily === undefined ? cron : `daily ${daily}`) : `every ${every}`
  if (at === undefined) return undefined
  return { at, ...(timeZone === undefined ? {} : { timeZone }) }
}

/** A moment, or how long from now: `+2h`. */
export function momentOrSpan(nowMs: () => number): (text: string) => string {
  return (text) => {
    const [, count, unit = ''] = /^\+(\d{1,6})([mhd])$/.exec(text) ?? []
    if (count === undefined) return parseMoment(text)
    const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
    return isoTime(nowMs() + Number(count) * (units[unit] ?? 0))
  }
}
