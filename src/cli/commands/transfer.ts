import { type Command, InvalidArgumentError, Option } from 'commander'
import { listAll } from '../../client/client.ts'
import type { TransferFile, TransferState } from '../../client/operations.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError } from '../exit.ts'
import { formatBytes, formatTime } from '../format.ts'
import { describeEnd, describeJob, describeSource, describeStep, isFinal } from '../job-report.ts'
import { numberBetween } from '../numbers.ts'
import { describePlace } from '../transfer-places.ts'
import { type WaitOptions, waitAndReport } from '../wait.ts'
import { registerLinks } from './transfer-links.ts'
import { registerPush } from './transfer-push.ts'
import { registerSchedules } from './transfer-schedules.ts'
import { registerSubmit } from './transfer-submit.ts'

const JOB_STATES = ['SUBMITTED', 'ACTIVE', 'PAUSED', 'FINISHED', 'FINISHEDDIRTY', 'FAILED', 'CANCELED']

/** Adds `transfer …`: copies that the node makes, resumes and verifies. */
export function registerTransfer(program: Command, context: CliContext): void {
  const transfer = program
    .command('transfer')
    .description('Copies that the node makes, resumes and verifies by itself.')
  registerSubmit(transfer, context)
  registerPush(transfer, context)
  registerLists(transfer, context)
  registerLooks(transfer, context)
  registerFollow(transfer, context)
  registerChange(transfer, context)
  registerSchedules(transfer, context)
  registerLinks(transfer, context)
}

function registerLists(transfer: Command, context: CliContext): void {
  const list = transfer
    .command('list')
    .addOption(new Option('--state <state>', 'only in this state').choices(JOB_STATES))
    .option('--limit <n>', 'no more than this many', positive, 50)
    .description('Your transfers, the newest first.')
  onAction<{ state?: TransferState; limit: number }>(
    list,
    context,
    async ({ api, options: { state, limit }, output }) => {
      output.list(
        await listAll(
          (await api()).pages('listTransfers', { query: { state, limit: Math.min(limit, 100) } }),
          limit,
        ),
        {
          headings: ['ID', 'STATE', 'FILES', 'BYTES', 'ORDERED', 'FROM', 'TO', 'LABEL'],
          row: (job) => [
            job.id,
            job.state,
            `${job.files.done + job.files.skipped}/${job.files.total}`,
            formatBytes(job.bytes.done),
            formatTime(job.createdAt),
            describeSource(job),
            describePlace(job.destination),
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
    const job = await (await api()).getTransfer({ params: { id } })
    output.result(job, () => describeJob(job))
  })

  const files = transfer
    .command('files')
    .argument('<id>')
    .option('--state <state>', 'only in this state, such as DONE, SKIPPED, ERROR', (text: string) =>
      text.toUpperCase(),
    )
    .description('The files of a transfer and what became of each.')
  onAction<{ state?: TransferFile['state'] }>(
    files,
    context,
    async ({ api, args: [id = ''], options: { state }, output }) => {
      output.list(
        await listAll(
          (await api()).pages('listTransferFiles', { params: { id }, query: { state, limit: 1000 } }),
        ),
        {
          headings: ['STATE', 'BYTES', 'TRIES', 'PATH', 'WHY'],
          row: (file) => [
            file.state,
            formatBytes(file.bytesDone),
            String(file.attempts),
            file.path,
            file.waitReason?.text ?? file.error?.message ?? '',
          ],
          alignRight: [1, 2],
          empty: 'No files.',
        },
      )
    },
  )
}

function registerLooks(transfer: Command, context: CliContext): void {
  const attempts = transfer
    .command('attempts')
    .argument('<id>')
    .argument('<path>', 'as "transfer files" lists it')
    .description('What happened to a file, attempt by attempt.')
  onAction(attempts, context, async ({ api, args: [id = '', path = ''], output }) => {
    const client = await api()
    const files = await listAll(client.pages('listTransferFiles', { params: { id }, query: { limit: 1000 } }))
    const file = files.find((one) => one.path === path || one.id === path)
    if (file === undefined) throw new CliError(`The transfer has no file ${path}.`, { code: 'NOT_FOUND' })
    const { items } = await client.listTransferAttempts({ params: { id, fileId: file.id } })
    output.list(items, {
      headings: ['N', 'ENDED', 'BY', 'BYTES', 'ERROR'],
      row: (one) => [
        String(one.attempt),
        formatTime(one.endedAt),
        one.executor ?? '',
        formatBytes(one.bytesDone),
        one.error.message,
      ],
      alignRight: [0, 3],
      empty: 'No attempt failed.',
    })
  })

  const dump = transfer.command('dump').description('Operators: what is being worked on now, by whom.')
  onAction(dump, context, async ({ api, output }) => {
    const { items } = await (await api()).dumpTransfers()
    output.list(items, {
      headings: ['STATE', 'PRIORITY', 'SHARE', 'LINK', 'WORKER', 'BYTES', 'JOB', 'PATH'],
      row: (one) => [
        one.state,
        String(one.priority),
        one.share,
        one.link,
        one.worker,
        `${formatBytes(one.bytesDone)} of ${formatBytes(one.sizeBytes)}`,
        one.jobId,
        one.path,
      ],
      alignRight: [1],
      empty: 'Nothing is being worked on.',
    })
  })
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
  const change = (verb: 'cancel' | 'retry' | 'pause' | 'resume', description: string) => {
    const command = transfer.command(verb).argument('<id>').description(description)
    onAction(command, context, async ({ api, args: [id = ''], output }: CommandCall<object>) => {
      const job = await (await api())[`${verb}Transfer` as const]({ params: { id } })
      output.result(job, () => (isFinal(job.state) ? describeEnd(job) : describeStep(job)))
    })
  }
  change('cancel', 'Stop a transfer; what is copied stays.')
  change('retry', 'Try the failed files again.')
  change('pause', 'Stop a transfer where it stands; what came over is kept.')
  change('resume', 'Let a paused transfer go on.')

  const priority = transfer
    .command('set-priority')
    .argument('<id>')
    .argument('<n>', '1 to 100, higher goes first', numberBetween(1, 100))
    .description('Let a transfer go earlier or later.')
  onAction(priority, context, async ({ api, args: [id = '', n], output }: CommandCall<object>) => {
    const job = await (await api()).amendTransfer({ params: { id }, body: { priority: Number(n) } })
    output.result(job, () => `transfer ${job.id} has priority ${job.priority}`)
  })
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above zero.')
  return value
}
