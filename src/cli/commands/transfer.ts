import { type Command, InvalidArgumentError, Option } from 'commander'
import { segment } from '../api-client.ts'
import type { Job, JobFile } from '../api-types.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { formatBytes, formatTime } from '../format.ts'
import { describeEnd, describeJob, describeSource } from '../job-report.ts'
import { parseDriveOnly, parseTransferSource } from '../locations.ts'
import { type WaitOptions, waitAndReport } from '../wait.ts'

interface SubmitOptions extends WaitOptions {
  overwrite?: string
  label?: string
  priority?: number
  executor?: string
  verify?: string
  wait?: boolean
}

const SUBMIT_HELP = `
SOURCE is drive:/path, share:ID or share:ID/path (ID as "causeway share received" lists it, the share
being accepted). DESTINATION is drive:/path. The node copies by itself; this command may end before.

With --wait, and for "transfer wait": exit code 0 when all files are there and verified, 3 when some
failed, 1 when the transfer failed or was canceled, 124 when --timeout was over first.`

const JOB_STATES = ['SUBMITTED', 'ACTIVE', 'FINISHED', 'FINISHEDDIRTY', 'FAILED', 'CANCELED']

/** Adds `transfer …`: copies that the node makes, resumes and verifies. */
export function registerTransfer(program: Command, context: CliContext): void {
  const transfer = program
    .command('transfer')
    .description('Copies that the node makes, resumes and verifies by itself.')
  registerSubmit(transfer, context)
  registerLists(transfer, context)
  registerFollow(transfer, context)
  registerChange(transfer, context)
}

function registerSubmit(transfer: Command, context: CliContext): void {
  const submit = transfer
    .command('submit')
    .argument('<source>')
    .argument('<destination>')
    .addOption(
      new Option('--overwrite <when>', 'what is there already').choices(['never', 'always', 'if-different']),
    )
    .option('--label <text>', 'a name of yours')
    .option('--priority <n>', '1 to 100, higher goes first (default 50)', positive)
    .addOption(new Option('--executor <name>', 'who moves the bytes').choices(['stream', 'rclone']))
    .addOption(new Option('--verify <how>', 'how a copy is compared').choices(['checksum', 'size']))
    .option('--wait', 'wait for the end')
    .option('--timeout <seconds>', 'with --wait: no longer than this', positive)
    .description('Order a copy.')
    .addHelpText('after', SUBMIT_HELP)
  onAction<SubmitOptions>(submit, context, async (call) => {
    const {
      args: [source = '', destination = ''],
      options,
      output,
    } = call
    const { overwrite, label, priority, executor, verify } = options
    const path = parseDriveOnly(destination)
    const body = {
      source: parseTransferSource(source),
      destination: { path },
      overwrite,
      label,
      priority,
      executor,
      verify,
    }
    const api = await call.api()
    const job = await api.post<Job>('/transfers', body)
    if (options.wait) {
      output.note(`transfer ${job.id}`)
      return waitAndReport(call, api, job.id)
    }
    output.result(job, () => job.id)
    output.note(`Follow it with "causeway transfer watch ${job.id}".`)
    return undefined
  })
}

function registerLists(transfer: Command, context: CliContext): void {
  const list = transfer
    .command('list')
    .addOption(new Option('--state <state>', 'only in this state').choices(JOB_STATES))
    .option('--limit <n>', 'no more than this many', positive, 50)
    .description('Your transfers, the newest first.')
  onAction<{ state?: string; limit: number }>(
    list,
    context,
    async ({ api, options: { state, limit }, output }) => {
      output.list(
        await (await api()).list<Job>('/transfers', { state, limit: Math.min(limit, 100) }, limit),
        {
          headings: ['ID', 'STATE', 'FILES', 'BYTES', 'ORDERED', 'FROM', 'TO', 'LABEL'],
          row: (job) => [
            job.id,
            job.state,
            `${job.files.done + job.files.skipped}/${job.files.total}`,
            formatBytes(job.bytes.done),
            formatTime(job.createdAt),
            describeSource(job),
            `drive:${job.destination.path ?? '?'}`,
            job.label ?? '',
          ],
          alignRight: [2, 3],
          empty: 'No transfers.',
        },
      )
    },
  )

  const show = transfer.command('show').argument('<id>').description('All about one transfer.')
  onAction(show, context, async ({ api, args: [id = ''], output }) => {
    const job = await (await api()).get<Job>(`/transfers/${segment(id)}`)
    output.result(job, () => describeJob(job))
  })

  const files = transfer
    .command('files')
    .argument('<id>')
    .option('--state <state>', 'only in this state, such as DONE, SKIPPED, ERROR', (text: string) =>
      text.toUpperCase(),
    )
    .description('The files of a transfer and what became of each.')
  onAction<{ state?: string }>(
    files,
    context,
    async ({ api, args: [id = ''], options: { state }, output }) => {
      output.list(
        await (await api()).list<JobFile>(`/transfers/${segment(id)}/files`, { state, limit: 1000 }),
        {
          headings: ['STATE', 'BYTES', 'TRIES', 'PATH', 'ERROR'],
          row: (file) => [
            file.state,
            formatBytes(file.bytesDone),
            String(file.attempts),
            file.path,
            file.error?.message ?? '',
          ],
          alignRight: [1, 2],
          empty: 'No files.',
        },
      )
    },
  )
}

function registerFollow(transfer: Command, context: CliContext): void {
  const watch = transfer.command('watch').argument('<id>').description('Show a transfer until it ends.')
  onAction<WaitOptions>(watch, context, async (call) => {
    await waitAndReport(call, await call.api(), call.args[0] ?? '', true)
  })

  const wait = transfer
    .command('wait')
    .argument('<id>')
    .option('--timeout <seconds>', 'no longer than this; exit code 124 then', positive)
    .description('Wait for the end of a transfer; the exit code says how it ended.')
  onAction<WaitOptions>(wait, context, async (call) =>
    waitAndReport(call, await call.api(), call.args[0] ?? ''),
  )
}

function registerChange(transfer: Command, context: CliContext): void {
  const change = (verb: 'cancel' | 'retry', description: string) => {
    const command = transfer.command(verb).argument('<id>').description(description)
    onAction(command, context, async ({ api, args: [id = ''], output }: CommandCall<object>) => {
      const job = await (await api()).post<Job>(`/transfers/${segment(id)}/${verb}`)
      output.result(job, () => describeEnd(job))
    })
  }
  change('cancel', 'Stop a transfer; what is copied stays.')
  change('retry', 'Try the failed files again.')
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above zero.')
  return value
}
