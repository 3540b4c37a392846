import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { isoTime } from '../../platform/clock.ts'
import { ChecksumStream } from '../checksums.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError, exitCodes, toFailure, usageError } from '../exit.ts'
import { formatBytes, formatTable, formatTime } from '../format.ts'
import { formatDrivePath } from '../locations.ts'
import type { TreeEntry } from '../multistatus.ts'
import { type Sink, toWritable } from '../output.ts'
import { Places, type RemotePlace } from '../places.ts'
import { ensureFolder } from '../tree.ts'

const DRIVE_HELP = `
A location is a path in your drive (drive:/data or /data), a path in the drive of a profile
(PROFILE:/data), or an http, https, dav or davs URL.`

interface ListOptions {
  long?: boolean
  recursive?: boolean
}

/** Adds `ls`, `mkdir`, `rm` and `cat`. */
export function registerFiles(program: Command, context: CliContext): void {
  const ls = program
    .command('ls')
    .argument('[locations...]', 'files or folders', ['drive:/'])
    .option('-l, --long', 'with size, time and checksum')
    .option('-r, --recursive', 'with everything below')
    .description('List folders.')
    .addHelpText('after', DRIVE_HELP)
  onAction<ListOptions>(ls, context, runList)

  const mkdir = program
    .command('mkdir')
    .argument('<locations...>')
    .option('-p, --parents', 'make missing parents; a folder already there is fine')
    .description('Make folders.')
    .addHelpText('after', DRIVE_HELP)
  onAction<{ parents?: boolean }>(mkdir, context, (call) =>
    forEachLocation(call, (place) => makeFolder(place, call.options.parents === true)),
  )

  const rm = program
    .command('rm')
    .argument('<locations...>')
    .option('-r, --recursive', 'folders too, with everything below')
    .description('Remove files and folders.')
    .addHelpText('after', DRIVE_HELP)
  onAction<{ recursive?: boolean }>(rm, context, (call) =>
    forEachLocation(call, (place) => remove(place, call.options.recursive === true)),
  )

  const cat = program
    .command('cat')
    .argument('<locations...>')
    .description('Write files to standard output.')
    .addHelpText('after', DRIVE_HELP)
  onAction(cat, context, async ({ args, options, context: { stdout } }) => {
    const places = new Places(context, options.profile)
    for (const text of args) await printFile(await places.getRemote(text), stdout)
  })
}

interface Listed extends TreeEntry {
  path: string
}

async function runList({ args, options, output, context }: CommandCall<ListOptions>): Promise<void> {
  const places = new Places(context, options.profile)
  const listed: Listed[] = []
  for (const text of args) {
    const place = await places.getRemote(text)
    const entry = await getEntry(place)
    if (entry.kind === 'file') listed.push({ ...entry, path: formatDrivePath(place.path) })
    else await collect(place.drive, place.path, options.recursive === true, listed)
  }
  if (output.json) output.list(listed.map(toJson), { headings: [], row: () => [], empty: '' })
  else
    output.stdout.write(
      formatTable(
        listed.map((item) => toRow(item, options)),
        options.long ? [0] : [],
      ),
    )
}

async function collect(
  drive: RemotePlace['drive'],
  path: readonly string[],
  deep: boolean,
  into: Listed[],
): Promise<void> {
  for (const entry of await drive.list(path)) {
    const below = [...path, entry.name]
    into.push({ ...entry, path: formatDrivePath(below) })
    if (deep && entry.kind === 'folder') await collect(drive, below, deep, into)
  }
}

function toRow(item: Listed, options: ListOptions): string[] {
  const name = options.recursive ? item.path : item.name
  const shown = item.kind === 'folder' ? `${name}/` : name
  if (!options.long) return [shown]
  const [type, value] = Object.entries(item.checksums)[0] ?? []
  const checksum = type === undefined ? '' : `${type}:${value?.slice(0, 12)}`
  return [formatBytes(item.sizeBytes), formatTime(item.mtimeMs), checksum, shown]
}

function toJson({ path, name, kind, sizeBytes, mtimeMs, checksums }: Listed): object {
  const modifiedAt = mtimeMs === undefined ? undefined : isoTime(mtimeMs)
  return { path, name, kind, sizeBytes, modifiedAt, checksums }
}

async function makeFolder(
  { drive, path }: Pick<RemotePlace, 'drive' | 'path'>,
  parents: boolean,
): Promise<void> {
  if (!parents) return drive.makeFolder(path)
  // From the far end: most often only the last folder is missing.
  try {
    await ensureFolder(drive, path)
  } catch (error) {
    if (!(error instanceof CliError) || error.status !== 409 || path.length < 2) throw error
    await makeFolder({ drive, path: path.slice(0, -1) }, true)
    await ensureFolder(drive, path)
  }
}

async function remove(place: RemotePlace, recursive: boolean): Promise<void> {
  if (place.path.length === 0) throw usageError('A whole drive is not removed; name what is in it.')
  if (!recursive && (await getEntry(place)).kind === 'folder') {
    throw new CliError(`${formatDrivePath(place.path)} is a folder; remove it with -r.`, {
      code: 'IS_FOLDER',
    })
  }
  await place.drive.remove(place.path)
}

/** Length and checksum are compared here too: a cut connection is an error, not a short file. */
async function printFile(place: RemotePlace, stdout: Sink): Promise<void> {
  const name = formatDrivePath(place.path)
  const { body, sizeBytes, checksums } = await place.drive.read(place.path)
  const hashing = new ChecksumStream({ name, sizeBytes, checksums })
  await pipeline(body, hashing, toWritable(stdout), { end: false })
}

async function getEntry({ drive, path }: RemotePlace): Promise<TreeEntry> {
  const entry = await drive.find(path)
  if (entry === undefined)
    throw new CliError(`${formatDrivePath(path)}: nothing is there.`, { code: 'HTTP_404', status: 404 })
  return entry
}

/** Does it to every location; failures are told, the rest goes on. */
async function forEachLocation(
  call: CommandCall<object>,
  work: (place: RemotePlace) => Promise<void>,
): Promise<number> {
  const { args, options, output, context } = call
  const places = new Places(context, options.profile)
  let failed = 0
  for (const text of args) {
    try {
      const place = await places.getRemote(text)
      await work(place)
      if (output.json) output.result({ path: formatDrivePath(place.path) }, () => '')
    } catch (error) {
      const { failure, exitCode } = toFailure(error)
      if (args.length === 1 || exitCode === exitCodes.usage || exitCode === exitCodes.interrupted) throw error
      output.fail(failure)
      failed += 1
    }
  }
  return failed === 0 ? exitCodes.ok : failed === args.length ? exitCodes.failed : exitCodes.doneWithErrors
}
