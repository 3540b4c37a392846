import { z } from 'zod'
import { checksumsSchema, jobOptionsSchema } from '../job-options.ts'
import { destinationRefSchema, sourceRefSchema } from '../job-view.ts'

const MAX_ITEMS = 10_000
const DAY_SECONDS = 86_400

/** A path below the directory, without dots. */
const nameSchema = z
  .string()
  .min(1)
  .max(4096)
  .refine(
    (text) =>
      !text.startsWith('/') && text.split('/').every((name) => !/^(|\.{1,2}|\.causeway-stage)$/.test(name)),
    {
      message: 'must be a path below the directory',
    },
  )

const inputSchema = z.strictObject({
  /** Where it comes from; `client`: the user's own machine sends it. */
  source: z.union([sourceRefSchema, z.strictObject({ client: z.literal(true) })]),
  name: nameSchema,
  /** Its failure does not fail the set (ARC's `failureallowed`). */
  optional: z.boolean().optional(),
  /** The source is a folder with all below it. */
  recursive: z.boolean().optional(),
  cache: jobOptionsSchema.shape.cache,
  checksums: checksumsSchema.optional(),
  executable: z.boolean().optional(),
})

const outputSchema = z.strictObject({
  name: nameSchema,
  destination: destinationRefSchema,
  /** When it is taken away, by how the computing job ended. */
  when: z.enum(['success', 'failure', 'always']).default('success'),
  optional: z.boolean().optional(),
})

/** What a computing job needs in its directory, and what becomes of what it leaves there. */
export const stageSpecSchema = z
  .strictObject({
    dir: z.string().startsWith('/').max(4096),
    label: z.string().min(1).max(200).optional(),
    inputs: z.array(inputSchema).max(MAX_ITEMS).default([]),
    outputs: z.array(outputSchema).max(MAX_ITEMS).default([]),
    priority: z.int().min(1).max(100).optional(),
    /** Told by POST of the end of each transfer of the set. */
    webhook: z.string().max(2000).optional(),
    /** What is not over by then is removed. */
    expiresSeconds: z
      .int()
      .min(60)
      .max(90 * DAY_SECONDS)
      .default(7 * DAY_SECONDS),
  })
  .meta({ id: 'StageSpec' })

export type StageSpec = z.infer<typeof stageSpecSchema>
export type StageInput = StageSpec['inputs'][number]
export type StageOutput = StageSpec['outputs'][number]

/**
 * STAGING_IN: inputs come; WAITING_CLIENT: only those of the user's machine are missing; READY: the job may
 * run; STAGING_OUT: outputs go; OUT_FAILED: some could not, all is kept and can be tried again.
 */
export const stageStates = [
  'STAGING_IN',
  'WAITING_CLIENT',
  'READY',
  'STAGING_OUT',
  'OUT_FAILED',
  'FINISHED',
  'FAILED',
  'CANCELED',
  'EXPIRED',
] as const
export type StageState = (typeof stageStates)[number]

export function isStageOver(state: StageState): boolean {
  return state === 'FINISHED' || state === 'FAILED' || state === 'CANCELED' || state === 'EXPIRED'
}

/** A transfer of a set and which inputs, or files of outputs, it moves. */
export interface StageJob {
  jobId: string
  /** Places in the list of inputs or outputs, one for each item of the transfer; one for a folder. */
  items: number[]
}

export interface Stage {
  id: string
  userId: string
  label: string
  /** Its real path: no link is in it. */
  dir: string
  /** The node made it, and removes it whole. */
  isDirMade: boolean
  spec: StageSpec
  specHash: string
  state: StageState
  inJobs: StageJob[]
  outJobs: StageJob[]
  hasJobFailed: boolean
  /** Something optional is missing. */
  isIncomplete: boolean
  errorText: string | null
  createdAtMs: number
  updatedAtMs: number
  expiresAtMs: number
}
