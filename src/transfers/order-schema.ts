import { z } from 'zod'
import { BadRequestError } from '../platform/errors.ts'
import { checksumsSchema, jobOptionsSchema } from './job-options.ts'
import {
  destinationRefSchema,
  executorChoiceSchema,
  overwriteSchema,
  sourceRefSchema,
  verifySchema,
} from './job-view.ts'
import type { TransferOrder } from './types.ts'

const moment = z.iso.datetime({ offset: true })

const itemSchema = z
  .strictObject({
    source: sourceRefSchema,
    destination: destinationRefSchema,
    sizeBytes: z.int().min(0).optional(),
    checksums: checksumsSchema.optional(),
  })
  .meta({ id: 'TransferItem' })

const common = {
  source: sourceRefSchema.optional().describe('Left out when there are items.'),
  destination: destinationRefSchema.optional().describe('Names the copy itself, not its parent.'),
  items: z.array(itemSchema).min(1).max(100_000).optional().describe('Pairs of files instead of one tree.'),
  overwrite: overwriteSchema.optional(),
  label: z.string().min(1).max(200).optional(),
  priority: z.int().min(1).max(100).optional().describe('Higher goes first; 50 unless given.'),
  executor: executorChoiceSchema.optional(),
  verify: verifySchema.optional(),
  options: jobOptionsSchema.optional(),
}

/** A recurring order: what each of its jobs is. */
export const recurringOrderSchema = z.strictObject(common).meta({ id: 'RecurringOrder' })

/** An order as the API takes it. Times are ISO 8601. */
export const orderSchema = z
  .strictObject({
    ...common,
    notBefore: moment.optional(),
    deadline: moment.optional().describe('What is not there by then is cancelled.'),
    paused: z.boolean().optional().describe('It begins when it is resumed.'),
    webhookSecret: z.string().min(8).max(200).optional().describe('Signs what options.webhook is told.'),
    dryRun: z.boolean().optional().describe('Says what would be done, and does nothing.'),
  })
  .meta({ id: 'TransferOrder' })

type OrderBody = z.infer<typeof orderSchema>
type RecurringBody = z.infer<typeof recurringOrderSchema>

/** What is ordered, from the API's form. Throws `BadRequestError` when there is neither a tree nor a list. */
export function toOrder(body: OrderBody | RecurringBody): TransferOrder {
  const { source, destination, items, ...rest } = body
  const [first] = items ?? []
  const ends = source !== undefined && destination !== undefined ? { source, destination } : first
  if (ends === undefined || (items !== undefined && (source ?? destination) !== undefined)) throw noEnds()
  const { notBefore, deadline, paused, dryRun: _dryRun, ...order } = rest as Omit<OrderBody, 'source'>
  return {
    ...order,
    source: ends.source,
    destination: ends.destination,
    items,
    notBeforeMs: notBefore === undefined ? undefined : Date.parse(notBefore),
    deadlineMs: deadline === undefined ? undefined : Date.parse(deadline),
    isPaused: paused,
  }
}

function noEnds(): BadRequestError {
  return new BadRequestError('Name a source and a destination, or items with theirs; not both.', {
    code: 'INVALID_INPUT',
    fields: [{ field: 'source', message: 'stands alone or with items' }],
  })
}
