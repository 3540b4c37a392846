import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { ChecksumStream } from '../checksums.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError, exitCodes, toFailure, usageError } from '../exit.ts'
import { formatDrivePath } from '../locations.ts'
import { type Sink, toWritable } from '../output.ts'
import type { Places, RemotePlace } from '../places.ts'
import { DRIVE_HELP, getEntry, type RemoteOptions, toPlaces, withRemoteOptions } from '../remote-command.ts'
import { makeFolders, remoteTree } from '../tree.ts'

interface RemoveOptions extends RemoteOptions {
  recursive?: boolean
  force?: boolean
}

/** Adds `mkdir`, `rm`, `mv` and `cat`. */
export function registerFiles(program: Command, context: CliContext): void {
  const mkdir = withRemoteOptions(program.command('mkdir').argument('<locations...>'))
    .option('-p, --parents', 'make missing parents; a folder already there is fine')
    .description('Make folders.')
    .addHelpText('after', DRIVE_HELP)
  onAction<RemoteOptions & { parents?: boolean }>(mkdir, context, (call) =>
    forEachLocation(call, (place) => makeFolder(place, call.options.parents === true)),
  )

  const rm = withRemoteOptions(program.command('rm').argument('<locations...>'))
    .option('-r, --recursive', 'folders too, with everything below')
    .option('-f, --force', 'what is not there is gone already')
    .description('Remove files and folders.')
    .addHelpText('after', DRIVE_HELP)
  onAction<RemoveOptions>(rm, context, (call) =>
    forEachLocation(call, (place) => remove(place, call.options)),
  )

  const mv = withRemoteOptions(program.command('mv').alias('rename').argument('<from>').argument('<to>'))
    .option('-f, --force', 'replace what is there')
    .description('Rename or move within one drive; the server does it in one step.')
    .addHelpText('after', `${DRIVE_HELP}\nA folder that exists takes the source below its own name.`)
  onAction<RemoteOptions & { force?: boolean }>(mv, context, runMove)

  const cat = withRemoteOptions(program.command('cat').argument('<locations...>'))
    .description('Write files to standard output.')
    .addHelpText('after', DRIVE_HELP)
  onAction<RemoteOptions>(cat, context, async (call) => {
    const places = toPlaces(call)
    for (const text of call.args) await printFile(await places.getRemote(text), call.context.stdout)
  })
}

async function makeFolder({ drive, path }: RemotePlace, parents: boolean): Promise<void> {
  if (parents) await makeFolders(remoteTree(drive, ''), path)
  else await drive.makeFolder(path)
}

async function remove(place: RemotePlace, { recursive, force }: RemoveOptions): Promise<void> {
  if (place.path.length === 0) throw usageError('A whole drive is not removed; name what is in it.')
  try {
    const isFolder = (await getEntry(place)).kind === 'folder'
    if (!recursive && isFolder) {
      throw new CliError(`${formatDrivePath(place.path)} is a folder; remove it with -r.`, {
        code: 'IS_FOLDER',
      })
    }
    await place.drive.remove(place.path, isFolder)
  } catch (error) {
    if (!force || !(error instanceof CliError) || error.status !== 404) throw error
  }
}

async function runMove(call: CommandCall<RemoteOptions & { force?: boolean }>): Promise<void> {
  const { args, options, output } = call
  const [from, to] = await findBoth(toPlaces(call), args)
  if (from.drive !== to.drive)
    throw usageError('Two drives are two servers; copy with cp, then remove the source with rm.')
  if (from.path.length === 0) throw usageError('A whole drive is not moved; name what is in it.')
  const isInto = (await to.drive.find(to.path))?.kind === 'folder'
  if (!isInto && to.location.folder)
    throw new CliError(`${formatDrivePath(to.path)} is not a folder; make it first with mkdir -p.`, {
      code: 'NOT_A_FOLDER',
    })
  const path = isInto ? [...to.path, from.path.at(-1) ?? ''] : to.path
  const [source, target] = [formatDrivePath(from.path), formatDrivePath(path)]
  if (source === target) throw usageError(`${source}: source and destination are the same.`)
  if (target.startsWith(`${source}/`))
    throw usageError(`${source}: the destination ${target} is inside the source.`)
  const isFolder = (await getEntry(from)).kind === 'folder'
  await from.drive.move(from.path, path, { overwrite: options.force === true, isFolder })
  if (output.json) output.result({ source, target }, () => '')
}

async function findBoth(places: Places, [from = '', to = '']: string[]): Promise<[RemotePlace, RemotePlace]> {
  return [await places.getRemote(from), await places.getRemote(to)]
}

/** Length and checksum are compared here too: a cut connection is an error, not a short file. */
async function printFile(place: RemotePlace, stdout: Sink): Promise<void> {
  const name = formatDrivePath(place.path)
  const { body, sizeBytes, checksums } = await place.drive.read(place.path)
  const hashing = new ChecksumStream({ name, sizeBytes, checksums })
  await pipeline(body, hashing, toWritable(stdout), { end: false })
}

/** Does it to every location; failures are told, the rest goes on. */
async function forEachLocation(
  call: CommandCall<RemoteOptions>,
  work: (place: RemotePlace) => Promise<void>,
): Promise<number> {
  const { args, output } = call
  const places = toPlaces(call)
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
