import { type Command, InvalidArgumentError, Option } from 'commander'
import type { RecurringOrder, TransferFilter, TransferOptions } from '../client/operations.ts'
import { numberBetween } from './numbers.ts'

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

/** `sha256:HEX`, of any checksum that the node can compare. */
export function checksum(text: string): TransferOptions['checksums'] {
  const [, type = '', hex = ''] = /^(sha256|sha1|md5|adler32|crc32c):([0-9a-f]{8,64})$/i.exec(text) ?? []
  if (type === '')
    throw new InvalidArgumentError('Write it as sha256:HEX; also sha1, md5, adler32 and crc32c.')
  return { [type.toLowerCase()]: hex.toLowerCase() }
}

/** A number of files, a share of them, or all. */
function maxDelete(text: string): number | string {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  if (text === 'all' || /^(?:100|[1-9]?\d)%$/.test(text)) return text
  throw new InvalidArgumentError('Write a number of files, a share such as 20%, or all.')
}

/** Bytes per second: `10M`, `512K`, `1.5G`, `100B`. */
function rate(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([BKMG])(?:i?B)?$/i.exec(text) ?? []
  const bytes = Math.round(Number(number) * 1024 ** 'BKMG'.indexOf(unit.toUpperCase()))
  if (number === undefined || bytes < 1)
    throw new InvalidArgumentError('Write it with a unit: 10M (MiB per second), 512K, 100B.')
  return bytes
}

function append(value: string, before: string[]): string[] {
  return [...before, value]
}
