import { type Command, InvalidArgumentError } from 'commander'
import { listAll } from '../../client/client.ts'
import type { TransferLinkSettings } from '../../client/operations.ts'
import { type CliContext, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { formatBytes } from '../format.ts'

interface LinkOptions {
  min?: number | null
  max?: number | null
  bandwidth?: string
  pause?: string | true
  resume?: boolean
}

/** Adds `transfer queues` and `transfer links …`, for operators. */
export function registerLinks(transfer: Command, context: CliContext): void {
  registerQueues(transfer, context)
  const links = transfer.command('links').description('Operators: pairs of hosts and what they may carry.')
  const list = links.command('list').description('What every link carries, its limit, and why it is so.')
  onAction(list, context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listTransferLinks')), {
      headings: ['LINK', 'RUNNING', 'WAITING', 'LIMIT', 'RANGE', 'BANDWIDTH', 'WHY'],
      row: (one) => [
        one.link,
        String(one.running),
        String(one.queued),
        one.isPaused ? 'paused' : String(one.decision),
        `${one.minActive ?? '–'} to ${one.maxActive ?? '–'}`,
        one.bandwidth ?? '',
        one.isPaused ? (one.pauseReason ?? '') : one.rationale,
      ],
      alignRight: [1, 2, 3],
      empty: 'Nothing has travelled yet.',
    })
  })
  registerSet(links, context)
}

function registerQueues(transfer: Command, context: CliContext): void {
  const queues = transfer
    .command('queues')
    .description('Operators: what waits and runs in every share on every link.')
  onAction(queues, context, async ({ api, output }) => {
    const found = await (await api()).showTransferQueues()
    for (const { why } of found.hostsLeftInPeace) output.note(why)
    output.list(found.queues, {
      headings: [
        headingOf(found.sharePolicy),
        'LINK',
        'WEIGHT',
        'JOBS',
        'PAUSED',
        'FILES',
        'RUNNING',
        'BYTES',
      ],
      row: (one) => [
        one.share,
        one.link,
        String(one.weight),
        String(one.jobs),
        String(one.pausedJobs),
        String(one.filesOpen),
        String(one.filesRunning),
        formatBytes(one.bytesOpen),
      ],
      alignRight: [2, 3, 4, 5, 6, 7],
      empty: 'Nothing waits and nothing runs.',
    })
  })
}

/** Tells by what the node sorts jobs into shares; older nodes do not say it. */
function headingOf(policy = 'none'): string {
  return policy === 'none' ? 'SHARE' : `SHARE BY ${policy.toUpperCase()}`
}

function registerSet(links: Command, context: CliContext): void {
  const set = links
    .command('set')
    .argument('<link>', 'FROM>TO, such as "cloud.example.org>here"')
    .option('--min <n>', 'files at a time, at least; "none" takes it away', limit)
    .option('--max <n>', 'files at a time, at most; "none" takes it away', limit)
    .option('--bandwidth <limit>', 'such as 10M, or "08:00,10M 18:00,off"; "none" takes it away')
    .option('--pause [reason]', 'let nothing more travel')
    .option('--resume', 'let it travel again')
    .description('Set the limits of a link, or pause it.')
  onAction<LinkOptions>(set, context, async ({ api, args: [link = ''], options, output }) => {
    const changed = await (await api()).changeTransferLink({ params: { link }, body: toChange(options) })
    output.result(
      changed,
      () => `${changed.link} ${changed.isPaused ? 'is paused' : `carries ${changed.decision}`}`,
    )
  })
}

function toChange({ min, max, bandwidth, pause, resume }: LinkOptions): TransferLinkSettings {
  if (pause !== undefined && resume === true) throw usageError('Give --pause or --resume, not both.')
  return {
    ...(min === undefined ? {} : { minActive: min }),
    ...(max === undefined ? {} : { maxActive: max }),
    ...(bandwidth === undefined ? {} : { bandwidth: bandwidth === 'none' ? null : bandwidth }),
    ...(pause === undefined ? {} : { isPaused: true, pauseReason: pause === true ? null : pause }),
    ...(resume === true ? { isPaused: false, pauseReason: null } : {}),
  }
}

function limit(text: string): number | null {
  if (text === 'none') return null
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new InvalidArgumentError('It must be a number from 1 to 1000, or "none".')
  return value
}
