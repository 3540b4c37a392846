import type { Command } from 'commander'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { Copier } from '../copier.ts'
import { usageError } from '../exit.ts'
import { type NamedPlace, Places } from '../places.ts'

const COPY_HELP = `
Which side is which: drive:/a/b is your drive, PROFILE:/a/b the drive of that profile, http, https, dav
and davs URLs are WebDAV or plain web servers, "-" is standard input or output; everything else is a
local path. A folder that exists, or a slash at the end, takes the source below its own name.

Inside one drive the server copies by itself. Otherwise the bytes are streamed and hashed, times are
kept, and the checksums are compared when the server shows them. URLs may carry what ARC writes:
;overwrite=no behind the host, :checksumtype=adler32:checksumvalue=… behind the path.

Examples:
  causeway cp results.h5 drive:/data/
  causeway cp -r drive:/data ./data
  causeway cp drive:/a.txt drive:/b.txt
  tar c . | causeway cp - drive:/backup.tar`

interface CopyCommandOptions {
  recursive?: boolean
  overwrite: boolean
  parallel: string
}

const MAX_PARALLEL = 32

/** Adds `cp`. */
export function registerCopy(program: Command, context: CliContext): void {
  const cp = program
    .command('cp')
    .argument('<locations...>', 'sources, and the destination as the last one')
    .usage('[options] <source...> <destination>')
    .option('-r, --recursive', 'folders with everything below')
    .option('--no-overwrite', 'leave what is there already, and fail')
    .option('--parallel <n>', 'files at the same time', '4')
    .description('Copy between here, drives and URLs.')
    .addHelpText('after', COPY_HELP)
  onAction<CopyCommandOptions>(cp, context, runCopy)
}

async function runCopy({ args, options, output, context }: CommandCall<CopyCommandOptions>): Promise<number> {
  if (args.length < 2) throw usageError('cp needs a source and a destination.')
  const places = new Places(context, options.profile)
  const destination = args.at(-1) ?? ''
  const sources = args.slice(0, -1)
  const parallel = Number(options.parallel)
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > MAX_PARALLEL) {
    throw usageError(`--parallel takes a number from 1 to ${MAX_PARALLEL}.`)
  }
  const to = await places.find(destination)
  const overwrite =
    options.overwrite && to?.location.kind === 'url'
      ? to.location.options.get('overwrite') !== 'no'
      : options.overwrite
  const copier = new Copier({ output, overwrite, parallel, recursive: options.recursive === true })
  try {
    for (const text of sources) {
      const from = await places.find(text)
      if (from === undefined && to === undefined) throw usageError('Copying "-" to "-" does nothing.')
      if (from === undefined) await copier.fromStandard(context, to as NamedPlace)
      else if (to === undefined) await copier.toStandard(context, from)
      else await copier.copy(from, to, sources.length > 1)
    }
  } finally {
    copier.close()
  }
  return copier.conclude()
}
