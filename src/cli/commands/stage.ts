import { setTimeout as delay } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { listAll } from '../../client/client.ts'
import type { Stage } from '../../client/operations.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Api } from '../api.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError, exitCodes, usageError } from '../exit.ts'
import { formatTime } from '../format.ts'
import { isTemporary } from '../retry.ts'
import { readStageSpec, type StageWishes } from '../stage-spec.ts'

const POLL_MS = 1000
/** A node that restarts is waited for. */
const PATIENCE_MS = 120_000

interface WaitOptions {
  wait?: boolean
  timeout?: number
}

const HELP = `
Made for the prolog and the epilog of a batch system: nothing is asked, the login comes from a profile or from
CAUSEWAY_URL and CAUSEWAY_TOKEN_FILE, and the same command twice does the work once.

Exit codes: 0 all is there; 3 all but something optional is; 1 it failed, was cancelled or ran out; 2 wrong
usage; 124 when --timeout was over first (it goes on).`

const IN_HELP = `
SOURCE is drive:/path, share:ID/path, a URL, endpoint:NAME/path, or "client" for a file that this user's
machine sends; NAME is below the directory. The spec is JSON or YAML with inputs and outputs, see
docs/transfers.md.
${HELP}`

/** Adds `stage …`: files into the directory of a computing job, and its results away. */
export function registerStage(program: Command, context: CliContext): void {
  const stage = program
    .command('stage')
    .description('Files into the directory of a computing job before it runs, and its results away after it.')
  registerIn(stage, context)
  registerOut(stage, context)
  registerLooks(stage, context)
  registerEnd(stage, context)
}

function withWait(command: Command): Command {
  return command
    .option('--wait', 'wait until it is done')
    .option('--timeout <seconds>', 'with --wait: no longer than this', positive)
}

function registerIn(stage: Command, context: CliContext): void {
  const command = withWait(stage.command('in'))
    .option('--spec <file>', 'what goes in and out, as JSON or YAML')
    .option('--dir <dir>', 'the directory of the job, on a disk of the node')
    .option('--input <source=name>', 'one more input; repeatable', collect, [])
    .option('--output <name=destination>', 'one more output; repeatable', collect, [])
    .option('--label <text>', 'a name of yours')
    .description('Bring the inputs.')
    .addHelpText('after', IN_HELP)
  onAction<StageWishes & WaitOptions>(command, context, async (call) => {
    const spec = await readStageSpec(call.options)
    const api = await call.api()
    const set = await api.createStage({ body: spec })
    for (const { name, uploadUrl } of set.awaited ?? [])
      call.output.note(`send ${name} by PUT to ${uploadUrl}`)
    return report(call, api, set, 'in')
  })
}

function registerOut(stage: Command, context: CliContext): void {
  const command = withWait(stage.command('out'))
    .argument('[id]', 'of the set; or --dir')
    .option('--dir <dir>', 'the directory of the job')
    .option('--failed', 'the job failed: take away what is wanted then')
    .description('The job is over: take its outputs away and empty the directory.')
    .addHelpText('after', HELP)
  onAction<{ dir?: string; failed?: boolean } & WaitOptions>(command, context, async (call) => {
    const api = await call.api()
    const id = call.args[0] ?? (await findByDir(api, call.options.dir)).id
    const body = { jobFailed: call.options.failed === true }
    return report(call, api, await api.finishStage({ params: { id }, body }), 'out')
  })
}

function registerLooks(stage: Command, context: CliContext): void {
  const show = stage.command('show').argument('<id>').description('How far a set is.')
  onAction(show, context, async ({ api, args: [id = ''], output }) => {
    const set = await (await api()).getStage({ params: { id } })
    output.result(set, () => describe(set))
  })
  const list = stage.command('list').description('Your sets, the newest first.')
  onAction(list, context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listStages')), {
      headings: ['ID', 'STATE', 'IN', 'OUT', 'SINCE', 'DIRECTORY'],
      row: (set) => [
        set.id,
        set.state,
        String(set.inputs),
        String(set.outputs),
        formatTime(set.createdAt),
        set.dir,
      ],
      alignRight: [2, 3],
      empty: 'No sets.',
    })
  })
}

function registerEnd(stage: Command, context: CliContext): void {
  const end = (verb: 'cancel' | 'purge', description: string) => {
    const command = stage
      .command(verb)
      .argument('[id]', 'of the set; or --dir')
      .option('--dir <dir>', 'the directory of the job')
      .description(description)
    onAction<{ dir?: string }>(command, context, async ({ api, args: [id], options, output }) => {
      const client = await api()
      const found = id ?? (await findByDir(client, options.dir)).id
      await client.cancelStage({ params: { id: found } })
      const set = await client.getStage({ params: { id: found } })
      output.result(set, () => describe(set))
    })
  }
  end('cancel', 'Stop the transfers of a set and empty its directory.')
  end('purge', 'The same, for a set whose outputs could not go.')
}

async function findByDir(api: Api, dir: string | undefined): Promise<Stage> {
  if (dir === undefined) throw usageError('Name the set by its id or by --dir.')
  const [newest] = await listAll(api.pages('listStages', { query: { dir, limit: 1 } }), 1)
  if (newest !== undefined) return newest
  throw new CliError(`No set of yours is or was in ${dir}.`, { code: 'HTTP_404', status: 404 })
}

async function report(
  call: CommandCall<WaitOptions>,
  api: Api,
  set: Stage,
  way: 'in' | 'out',
): Promise<number> {
  const last = call.options.wait === true ? await settled(call, api, set, way) : set
  call.output.result(last, () => (call.options.wait === true ? describe(last) : last.id))
  return exitCodeOf(last)
}

async function settled(
  call: CommandCall<WaitOptions>,
  api: Api,
  set: Stage,
  way: 'in' | 'out',
): Promise<Stage> {
  const { timeout } = call.options
  const startMs = systemClock.nowMs()
  let heardAtMs = startMs
  for (let now = set; ; ) {
    const isUnderWay =
      now.state === 'STAGING_IN' || now.state === 'WAITING_CLIENT' || now.state === 'STAGING_OUT'
    if (!isUnderWay && !(way === 'out' && now.state === 'READY')) return now
    if (timeout !== undefined && systemClock.nowMs() - startMs >= timeout * 1000)
      throw tooLong(set.id, timeout)
    await delay(POLL_MS, undefined, { signal: call.context.signal })
    try {
      now = await api.getStage({ params: { id: set.id } })
      heardAtMs = systemClock.nowMs()
    } catch (error) {
      if (!isTemporary(error) || systemClock.nowMs() - heardAtMs > PATIENCE_MS) throw error
    }
  }
}

function exitCodeOf({ state, isIncomplete }: Stage): number {
  if (/^(FAILED|OUT_FAILED|CANCELED|EXPIRED)$/.test(state)) return exitCodes.failed
  return isIncomplete ? exitCodes.doneWithErrors : exitCodes.ok
}

function describe(set: Stage): string {
  const lines = [
    `${set.id}  ${set.state}${set.isIncomplete ? ' (something optional is missing)' : ''}  ${set.dir}`,
  ]
  if (set.error !== undefined) lines.push(set.error)
  for (const { name, uploadUrl } of set.awaited ?? []) lines.push(`waits for ${name}: PUT ${uploadUrl}`)
  return lines.join('\n')
}

function tooLong(id: string, seconds: number): CliError {
  return new CliError(
    `The set is not done after ${seconds} s and goes on; look with "causeway stage show ${id}".`,
    {
      code: 'TIMED_OUT',
      exitCode: exitCodes.timedOut,
    },
  )
}

function collect(text: string, before: string[]): string[] {
  return [...before, text]
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above zero.')
  return value
}
