import { type Command, InvalidArgumentError } from 'commander'
import type { TransferPlan } from '../../client/operations.ts'
import { systemClock } from '../../platform/clock.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { formatBytes } from '../format.ts'
import { momentOrSpan } from '../moment.ts'
import { addOrderOptions, type OrderOptions } from '../order-options.ts'
import { addRhythmOptions, type RhythmOptions, rhythmOf } from '../order-rhythm.ts'
import { orderTransfer, planTransfer } from '../send-order.ts'
import { toOrderBody } from '../transfer-order.ts'
import { type WaitOptions, waitAndReport } from '../wait.ts'
import { describeSchedule } from './transfer-schedules.ts'

interface SubmitOptions extends WaitOptions, OrderOptions, RhythmOptions {
  notBefore?: string
  deadline?: string
  paused?: boolean
  idempotencyKey?: string
  dryRun?: boolean
  wait?: boolean
}

const SUBMIT_HELP = `
SOURCE is drive:/path, share:ID or share:ID/path (ID or name as "causeway share received" lists it, the
share being accepted), a URL of http, https, dav or davs, or ENDPOINT:path ("causeway endpoint list").
DESTINATION is drive:/path, a URL or ENDPOINT:path. The node copies by itself; this command may end before.
With --every, --daily, --cron or --on-change the order comes again; see "transfer schedules". With
--on-change and --delete-extra it is a mirror.

With --wait, and for "transfer wait": exit code 0 when all files are there and verified, 3 when some
failed, 1 when the transfer failed or was canceled, 124 when --timeout was over first.`

/** Adds `transfer submit`. */
export function registerSubmit(transfer: Command, context: CliContext): void {
  const moment = momentOrSpan(() => systemClock.nowMs())
  const submit = addRhythmOptions(
    addOrderOptions(transfer.command('submit').argument('[source]').argument('[destination]')),
  )
    .option('--not-before <time>', 'begin no earlier: 2027-01-31T12:00Z, or +2h', moment)
    .option('--deadline <time>', 'cancel what is not there by then', moment)
    .option('--paused', 'begin when it is resumed')
    .option('--idempotency-key <key>', 'a repeat with the same key is the first order')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--wait', 'wait for the end')
    .option('--timeout <seconds>', 'with --wait: no longer than this', positive)
    .description('Order a copy, once or again and again.')
    .addHelpText('after', SUBMIT_HELP)
  onAction<SubmitOptions>(submit, context, run)
}

async function run(call: CommandCall<SubmitOptions>): Promise<number | undefined> {
  const { options, output } = call
  const args = call.args.filter((arg) => arg !== undefined)
  const order = await toOrderBody({ args, options, context: call.context }, call.api)
  const schedule = rhythmOf(options)
  const { notBefore, deadline, paused, dryRun } = options
  if (schedule !== undefined) {
    if ([notBefore, deadline, paused, dryRun, options.wait, options.idempotencyKey].some(Boolean))
      throw usageError(
        'An order that comes again takes no --not-before, --deadline, --paused, --dry-run, --wait or key.',
      )
    const body = { label: options.label, order, schedule }
    const made = await (await call.api()).createTransferSchedule({ body })
    output.result(made, () => describeSchedule(made))
    return undefined
  }
  const api = await call.api()
  const body = { ...order, notBefore, deadline, paused }
  if (dryRun) {
    const plan = await planTransfer(api, body)
    output.result(plan, () => describePlan(plan))
    return undefined
  }
  const job = await orderTransfer(api, body, options.idempotencyKey)
  if (options.wait) {
    output.note(`transfer ${job.id}`)
    return waitAndReport(call, api, job.id)
  }
  output.result(job, () => job.id)
  output.note(`Follow it with "causeway transfer watch ${job.id}".`)
  return undefined
}

function describePlan({ counts, paths, isComplete, deletions }: TransferPlan): string {
  const total = Object.values(counts).reduce((sum, { files }) => sum + files, 0)
  const lines = paths.map(({ path, action, why, sizeBytes }) =>
    [action.padEnd(6), formatBytes(sizeBytes).padStart(10), path, `(${why})`].join('  '),
  )
  if (total > paths.length) lines.push(`… and ${total - paths.length} more`)
  const sums = Object.entries(counts).filter(([, { files }]) => files > 0)
  const words = sums.map(([action, { files, bytes }]) => `${action} ${files} (${formatBytes(bytes)})`)
  const more = isComplete ? '' : '; the source has more than was looked at'
  const sum = words.length === 0 ? 'Nothing to do.' : `${words.join(', ')}${more}`
  const refusal = deletions?.refusal === undefined ? [] : [`Nothing would be removed: ${deletions.refusal}`]
  return [...lines, sum, ...refusal].join('\n')
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above zero.')
  return value
}
