import type { Command } from 'commander'
import { isoTime } from '../../platform/clock.ts'
import { CHECKSUM_TYPES } from '../checksums.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { walk } from '../copy-many.ts'
import { hangUp } from '../dav-http.ts'
import { exitCodes } from '../exit.ts'
import { formatBytes, formatTable, formatTime } from '../format.ts'
import { formatDrivePath } from '../locations.ts'
import type { TreeEntry } from '../multistatus.ts'
import { numberBetween } from '../numbers.ts'
import type { RemotePlace } from '../places.ts'
import { DRIVE_HELP, getEntry, type RemoteOptions, toPlaces, withRemoteOptions } from '../remote-command.ts'
import { remoteTree } from '../tree.ts'

interface ListOptions extends RemoteOptions {
  long?: boolean
  metadata?: boolean
  recursive?: boolean
  depth?: number
  list: boolean
  forceList?: boolean
  checkAccess?: boolean
}

interface Listed extends TreeEntry {
  path: string
}

/** Adds `ls`. */
export function registerList(program: Command, context: CliContext): void {
  const ls = withRemoteOptions(
    program.command('ls').argument('[locations...]', 'files or folders', ['drive:/']),
  )
    .option('-l, --long', 'with size, time and checksum')
    .option('-m, --metadata', 'all that is known of each')
    .option('-r, --recursive', 'with everything below')
    .option('-D, --depth <levels>', 'with -r: no deeper than this', numberBetween(1, 1_000_000))
    .option('-n, --no-list', 'folders themselves and not what is in them')
    .option('-f, --force-list', 'list without asking first whether it is a folder')
    .option('-c, --check-access', 'read the first byte and say nothing; exit code 0 when it may be read')
    .description('List folders.')
    .addHelpText('after', DRIVE_HELP)
  onAction<ListOptions>(ls, context, runList)
}

async function runList(call: CommandCall<ListOptions>): Promise<number> {
  const { args, options, output } = call
  const places = toPlaces(call)
  const listed: Listed[] = []
  for (const text of args) {
    const place = await places.getRemote(text)
    if (options.checkAccess) await checkAccess(place)
    else for (const found of await list(place, options)) listed.push(found)
  }
  if (output.json) output.list(listed.map(toJson), { headings: [], row: () => [], empty: '' })
  else if (options.metadata) output.stdout.write(formatTable(listed.flatMap(toFacts)))
  else {
    const rows = listed.map((item) => toRow(item, options))
    output.stdout.write(formatTable(rows, options.long ? [0] : []))
  }
  return exitCodes.ok
}

async function list({ drive, path }: RemotePlace, options: ListOptions): Promise<Listed[]> {
  const isKnown = options.forceList === true && options.list
  if (!isKnown) {
    const entry = await getEntry({ drive, path })
    if (entry.kind === 'file' || !options.list) return [{ ...entry, path: formatDrivePath(path) }]
  }
  const root = { tree: remoteTree(drive, ''), path }
  const depth = options.recursive ? (options.depth ?? Number.POSITIVE_INFINITY) : 1
  const found: Listed[] = []
  for await (const { entry, source } of walk(root, root, { depth, cutFolders: true }))
    found.push({ ...entry, path: formatDrivePath(source.path) })
  return found
}

/** One byte of a file, or the names in a folder: whoever gets it may read. */
async function checkAccess({ drive, path }: RemotePlace): Promise<void> {
  const entry = await getEntry({ drive, path })
  if (entry.kind === 'folder') return void (await drive.list(path))
  if (entry.sizeBytes === 0) return void (await drive.headers(path))
  hangUp(await drive.read(path, { startByte: 0, endByte: 0 }))
}

function toRow(item: Listed, options: ListOptions): string[] {
  const name = options.recursive ? item.path : item.name || '/'
  const shown = item.kind === 'folder' && name !== '/' ? `${name}/` : name
  if (!options.long) return [shown]
  const type = CHECKSUM_TYPES.find((known) => item.checksums[known] !== undefined)
  const checksum = type === undefined ? '' : `${type}:${item.checksums[type]?.slice(0, 12)}`
  return [formatBytes(item.sizeBytes), formatTime(item.mtimeMs), checksum, shown]
}

function toFacts({ path, kind, sizeBytes, mtimeMs, checksums, etag }: Listed): string[][] {
  const facts = Object.entries({
    type: kind,
    size: String(sizeBytes),
    mtime: timeOf(mtimeMs),
    etag,
    ...checksums,
  })
  const known = facts.filter(([, value]) => value !== undefined)
  return [[path], ...known.map(([name, value]) => [`  ${name}`, value ?? ''])]
}

function toJson({ path, name, kind, sizeBytes, mtimeMs, checksums }: Listed): object {
  return { path, name, kind, sizeBytes, modifiedAt: timeOf(mtimeMs), checksums }
}

function timeOf(mtimeMs: number | undefined): string | undefined {
  return mtimeMs === undefined ? undefined : isoTime(mtimeMs)
}
