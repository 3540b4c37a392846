import { z } from 'zod'

/** Further hosts that move bytes for the node. */
export const delivery = z.strictObject({
  localSlots: z
    .int()
    .min(0)
    .max(256)
    .optional()
    .describe('Large files the node itself moves at a time while delivery workers are there; all slots.'),
  verify: z
    .enum(['sample', 'full'])
    .default('sample')
    .describe('What the node reads again of what a worker brought: some blocks, or everything.'),
  takeSeconds: z
    .number()
    .positive()
    .max(300)
    .default(10)
    .describe('A worker that does not take a file within this time is passed over for it.'),
})
