import { type Command, Option } from 'commander'
import { orderCopy } from '../background-copy.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { Copier } from '../copier.ts'
import { COPY_HELP } from '../copy-help.ts'
import { forEachParallel } from '../copy-many.ts'
import type { CopyTerms } from '../copy-terms.ts'
import { exitCodes, usageError } from '../exit.ts'
import { numberBetween } from '../numbers.ts'
import { Places } from '../places.ts'
import { expandLists, type ListedCopy, readPairs } from '../transfer-list.ts'

interface CopyCommandOptions {
  recursive?: boolean
  depth?: number
  force?: boolean
  clobber: boolean
  overwrite: boolean
  parents?: boolean
  parallel: number
  threads?: number
  retries: number
  timeout?: number
  indicate?: boolean
  secure?: boolean
  resume: boolean
  list?: string
  dryRun?: boolean
  background?: boolean
  cache?: string
}

/** Adds `cp`. */
export function registerCopy(program: Command, context: CliContext): void {
  const cp = program
    .command('cp')
    .argument('[locations...]', 'sources, and the destination as the last one')
    .usage('[options] <source...> <destination>')
    .option('-r, --recursive', 'folders with everything below')
    .option('-D, --depth <levels>', 'with -r: no deeper than this', numberBetween(1, 1_000_000))
    .option('-f, --force', 'overwrite what is there (so it is without options too)')
    .option('-n, --no-clobber', 'leave what is there already, without a word')
    .option('--no-overwrite', 'leave what is there already, and fail')
    .option('-p, --parents', 'make missing folders of the destination')
    .option('-R, --retries <n>', 'repeats of what failed for a time only', numberBetween(0, 100), 2)
    .option('-t, --timeout <seconds>', 'no longer without a byte than this', numberBetween(1, 86_400))
    .option('-i, --indicate', 'tell the progress, also where no terminal is')
    .option('-u, --secure', 'nothing but TLS, except within this machine')
    .option('--parallel <n>', 'files at the same time', numberBetween(1, 32), 8)
    .option('--threads <n>', 'connections for one large download', numberBetween(1, 10))
    .option('--no-resume', 'ask for whole files only, and keep nothing of broken downloads')
    .option('--list <file>', 'a source and a destination in each line; "-" reads standard input')
    .option('--dry-run', 'tell what would be copied, and copy nothing')
    .option('--background', 'let the node copy by itself; answers the transfer')
    .addOption(new Option('-y, --cache <folder>').hideHelp())
    .description('Copy between here, drives and URLs.')
    .addHelpText('after', COPY_HELP)
  onAction<CopyCommandOptions>(cp, context, runCopy)
}

async function runCopy(call: CommandCall<CopyCommandOptions>): Promise<number> {
  const { options, output, context } = call
  const present = presentOf(options)
  if (options.cache !== undefined)
    throw usageError('cp keeps no cache; the node has one, which "causeway transfer" uses.')
  const pairs = await listPairs(call)
  const places = new Places(context, {
    ...{ profile: options.profile, secure: options.secure === true },
    timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
    remark: (text) => output.note(text),
  })
  if (options.background) return orderAll(call, places, pairs)
  const copier = new Copier({
    output,
    terms: {
      present,
      threads: options.threads,
      resume: options.resume,
      makeParents: options.parents === true,
    },
    parallel: options.parallel,
    recursive: options.recursive === true,
    depth: options.depth ?? Number.POSITIVE_INFINITY,
    retries: options.retries,
    dryRun: options.dryRun === true,
    indicate: options.indicate === true,
    signal: context.signal,
  })
  try {
    const width = options.list === undefined ? 1 : options.parallel
    await forEachParallel(pairs, width, async (pair) => {
      try {
        await copyPair(call, copier, places, pair)
      } catch (error) {
        if (pairs.length === 1) throw error
        copier.tally.fail(error, false)
      }
    })
  } finally {
    copier.tally.close()
  }
  return copier.tally.conclude()
}

async function copyPair(
  { context, options }: CommandCall<CopyCommandOptions>,
  copier: Copier,
  places: Places,
  pair: ListedCopy,
): Promise<void> {
  const isListed = options.list !== undefined
  const to = await places.find(pair.destination, isListed)
  const from = await places.find(pair.source, isListed)
  if (from === undefined && to === undefined) throw usageError('Copying "-" to "-" does nothing.')
  if (from !== undefined && to !== undefined) return copier.copy(from, to, pair.intoFolder)
  if (options.dryRun) throw usageError('--dry-run has nothing to say of "-".')
  if (to !== undefined) return copier.fromStandard(context, to)
  if (from !== undefined) return copier.toStandard(context, from)
}

/** What is to be copied where, from the arguments or from lists. */
async function listPairs({ args, options, context }: CommandCall<CopyCommandOptions>): Promise<ListedCopy[]> {
  if (options.list !== undefined) {
    if (args.length > 0) throw usageError('--list names sources and destinations; leave the arguments out.')
    return readPairs(options.list, context)
  }
  if (args.length < 2) throw usageError('cp needs a source and a destination.')
  const destination = args.at(-1) ?? ''
  const sources = args.slice(0, -1)
  const pairs: ListedCopy[] = []
  for (const source of sources) {
    const listed = await expandLists(source, destination, context)
    pairs.push(...(listed ?? [{ source, destination, intoFolder: sources.length > 1 }]))
  }
  return pairs
}

async function orderAll(
  call: CommandCall<CopyCommandOptions>,
  places: Places,
  pairs: readonly ListedCopy[],
): Promise<number> {
  const { options, output } = call
  const present = presentOf(options)
  if (options.dryRun) throw usageError('--dry-run and --background exclude each other.')
  const api = await call.api()
  for (const { source, destination } of pairs) {
    const overwrite = present === undefined ? undefined : present === 'replace' ? 'always' : 'never'
    const job = await orderCopy(api, await places.find(source), await places.find(destination), overwrite)
    output.result(job, () => job.id)
    output.note(`Follow it with "causeway transfer watch ${job.id}".`)
  }
  return exitCodes.ok
}

function presentOf({ force, clobber, overwrite }: CopyCommandOptions): CopyTerms['present'] | undefined {
  if ((force ? 1 : 0) + (clobber ? 0 : 1) + (overwrite ? 0 : 1) > 1)
    throw usageError('--force, --no-clobber and --no-overwrite exclude each other.')
  if (force) return 'replace'
  return clobber ? (overwrite ? undefined : 'fail') : 'skip'
}
