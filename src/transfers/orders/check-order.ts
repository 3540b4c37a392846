import { BadRequestError, type FieldError, messageOf } from '../../platform/errors.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { checkItems } from '../job-items.ts'
import type { TransferOrder } from '../types.ts'

/** Refuses what can never be done, whatever the ends are. */
export function checkOrder(order: TransferOrder, nowMs: number): void {
  const { items, options = {}, notBeforeMs, deadlineMs } = order
  checkItems(items)
  if (deadlineMs !== undefined && deadlineMs <= nowMs)
    throw refusal(
      'DEADLINE_PASSED',
      'deadline',
      'The deadline has passed already. Give a later one, or none.',
    )
  if (deadlineMs !== undefined && notBeforeMs !== undefined && deadlineMs <= notBeforeMs)
    throw refusal('DEADLINE_TOO_EARLY', 'deadline', 'The deadline comes before the transfer may begin.')
  if (items !== undefined && (options.deleteExtra || options.filters || options.checksums))
    throw refusal(
      'NOT_FOR_LISTS',
      'options',
      'Filters, deleteExtra and checksums of the job are not for lists of files; a list names its files itself.',
    )
  if (options.maxDelete !== undefined && options.deleteExtra !== true)
    throw refusal(
      'NOT_A_MIRROR',
      'options.maxDelete',
      'maxDelete is for mirrors; only with deleteExtra anything is removed.',
    )
  if (options.bandwidthBytesPerSecond !== undefined && isMovedElsewhere(order))
    throw refusal(
      'NOT_LIMITABLE',
      'options.bandwidthBytesPerSecond',
      `With the executor ${order.executor} other servers move the bytes, and this node cannot slow them. Leave the bandwidth away, or choose another executor.`,
    )
  if (order.webhookSecret !== undefined && options.webhook === undefined)
    throw refusal('NO_WEBHOOK', 'webhookSecret', 'There is a secret to sign with, and no webhook to tell.')
}

function isMovedElsewhere({ executor }: TransferOrder): boolean {
  return executor === 'third-party' || executor === 'fts'
}

/** The address must be one that the node may speak to. Throws 400. */
export async function checkWebhook(outbound: Outbound, url: string): Promise<void> {
  try {
    await outbound.check(url)
  } catch (error) {
    throw refusal('BAD_WEBHOOK', 'options.webhook', `The webhook cannot be used: ${messageOf(error)}`)
  }
}

function refusal(code: string, field: string, message: string): BadRequestError {
  const fields: FieldError[] = [{ field, message }]
  return new BadRequestError(message, { code, fields })
}
