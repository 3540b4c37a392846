import { z } from 'zod'
import { jobViewSchema } from './job-view.ts'
import { planActions } from './orders/plan.ts'

/** A page of a list. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(100_000).optional(),
}
export const idParams = z.strictObject({ id: z.string().min(1).max(100) })
export const fileParams = z.strictObject({
  id: z.string().min(1).max(100),
  fileId: z.string().min(1).max(100),
})
export const jobPage = z.object({ items: z.array(jobViewSchema), nextCursor: z.string().optional() })

const planCount = z.object({ files: z.int(), bytes: z.int() })

/** What a dry run answers. */
export const planSchema = z
  .object({
    counts: z.object({ copy: planCount, skip: planCount, delete: planCount, refuse: planCount }),
    paths: z
      .array(
        z.object({
          path: z.string(),
          action: z.enum(planActions),
          why: z.string(),
          sizeBytes: z.int(),
        }),
      )
      .describe('The first thousand.'),
    isComplete: z.boolean().describe('False: the source has more than was looked at.'),
    deletions: z
      .object({ files: z.int(), ofFiles: z.int(), refusal: z.string().optional() })
      .optional()
      .describe('Of a mirror: what it would remove, of how many; and why it would not (maxDelete).'),
  })
  .meta({ id: 'TransferPlan' })
