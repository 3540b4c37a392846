import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import type { TransferSchedule } from '../../client/operations.ts'
import { type CliContext, onAction } from '../context.ts'
import { formatTime } from '../format.ts'
import { describePlace } from '../transfer-places.ts'

/** Adds `transfer schedules …`; they are made by `transfer submit`. */
export function registerSchedules(transfer: Command, context: CliContext): void {
  const schedules = transfer
    .command('schedules')
    .description('Orders that come again; made by "transfer submit --every" and its like.')
  const list = schedules.command('list').description('Your orders that come again.')
  onAction(list, context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listTransferSchedules')), {
      headings: ['ID', 'WHEN', 'NEXT', 'LAST', 'FROM', 'TO', 'ERROR'],
      row: (one) => [
        one.id,
        one.enabled ? rhythmText(one) : 'off',
        formatTime(one.nextRun),
        formatTime(one.lastRun),
        fromOf(one),
        one.order.destination === undefined ? '' : describePlace(one.order.destination),
        one.lastError ?? '',
      ],
      empty: 'Nothing comes again.',
    })
  })
  const show = schedules.command('show').argument('<id>').description('All about one of them.')
  onAction(show, context, async ({ api, args: [id = ''], output }) => {
    const one = await (await api()).getTransferSchedule({ params: { id } })
    output.result(one, () => describeSchedule(one))
  })
  registerChanges(schedules, context)
}

function registerChanges(schedules: Command, context: CliContext): void {
  const run = schedules.command('run').argument('<id>').description('Order it once more, now.')
  onAction(run, context, async ({ api, args: [id = ''], output }) => {
    const job = await (await api()).runTransferSchedule({ params: { id } })
    output.result(job, () => job.id)
  })
  for (const [verb, enabled, description] of [
    ['enable', true, 'Let it come again.'],
    ['disable', false, 'Let it rest; nothing is forgotten.'],
  ] as const) {
    const command = schedules.command(verb).argument('<id>').description(description)
    onAction(command, context, async ({ api, args: [id = ''], output }) => {
      const one = await (await api()).changeTransferSchedule({ params: { id }, body: { enabled } })
      output.result(one, () => describeSchedule(one))
    })
  }
  const remove = schedules.command('remove').argument('<id>').description('Forget it; its copies stay.')
  onAction(remove, context, async ({ api, args: [id = ''], output }) => {
    await (await api()).removeTransferSchedule({ params: { id } })
    output.result({ id, state: 'removed' }, () => `schedule ${id} removed`)
  })
}

/** Everything about one, a line each. */
export function describeSchedule(one: TransferSchedule): string {
  const lines: [string, string | undefined][] = [
    ['schedule', one.id],
    ['label', one.label],
    ['when', one.enabled ? rhythmText(one) : 'off'],
    ['from', fromOf(one)],
    ['to', one.order.destination === undefined ? undefined : describePlace(one.order.destination)],
    ['next', formatTime(one.nextRun)],
    ['last', formatTime(one.lastRun)],
    ['transfer', one.lastJobId],
    ['error', one.lastError],
  ]
  return lines
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name.padEnd(9)} ${value}`)
    .join('\n')
}

function fromOf({ order }: TransferSchedule): string {
  return order.source === undefined ? `${order.items?.length ?? 0} files` : describePlace(order.source)
}

function rhythmText({ schedule }: TransferSchedule): string {
  if ('onChangeEveryMinutes' in schedule)
    return `on change, looked at every ${schedule.onChangeEveryMinutes} min`
  const { at, timeZone } = schedule
  return timeZone === undefined ? at : `${at} (${timeZone})`
}
