import { z } from 'zod'
import { isoTime } from '../platform/clock.ts'
import { dtrStates } from './dtr-states.ts'
import { jobOptionsSchema } from './job-options.ts'
import { jobStates } from './job-state.ts'
import { type WaitReason, waitCodes } from './scheduling/wait-reason.ts'
import { executorNames, type TransferFile, type TransferJob } from './types.ts'

const placeText = z.string().min(1).max(32_768)
const driveRef = z.strictObject({ path: placeText })
const shareRef = z.strictObject({
  shareId: z.string().min(1).max(200),
  path: z.string().max(32_768).optional(),
})
const urlRef = z.strictObject({ url: placeText })
const endpointRef = z.strictObject({ endpoint: z.string().min(1).max(200), path: z.string().max(32_768) })
const placeRef = z.union([driveRef, shareRef, urlRef, endpointRef])

export const sourceRefSchema = z
  .union([...placeRef.options, z.strictObject({ replicas: z.array(placeRef).min(1).max(50) })])
  .meta({ id: 'TransferSource' })
export const destinationRefSchema = z
  .union([driveRef, urlRef, endpointRef])
  .meta({ id: 'TransferDestination' })
export const overwriteSchema = z.enum(['never', 'always', 'if-different'])
export const executorSchema = z.enum(executorNames)
export const executorChoiceSchema = z.enum(['auto', ...executorNames])
export const verifySchema = z.enum(['checksum', 'size'])

const jobStateSchema = z.enum(jobStates).meta({ id: 'TransferState' })

/** A job as the API and the events show it. Times are ISO 8601, sizes in bytes. */
export const jobViewSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    state: jobStateSchema,
    source: sourceRefSchema,
    destination: destinationRefSchema,
    overwrite: overwriteSchema,
    priority: z.int(),
    executor: executorChoiceSchema,
    verify: verifySchema,
    options: jobOptionsSchema,
    share: z.string(),
    link: z.string(),
    notBefore: z.string().optional(),
    deadline: z.string().optional(),
    scheduleId: z.string().optional(),
    createdAt: z.string(),
    startedAt: z.string().optional(),
    finishedAt: z.string().optional(),
    files: z.object({
      total: z.int(),
      done: z.int(),
      failed: z.int(),
      skipped: z.int(),
      canceled: z.int(),
      active: z.int(),
      removed: z.int().optional().describe('What a mirror removed at its destination.'),
    }),
    bytes: z.object({ total: z.int(), done: z.int() }),
    bytesPerSecond: z.int(),
    secondsLeft: z.int().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'Transfer' })

export type JobView = z.infer<typeof jobViewSchema>

/** One file of a job. `verified` says what the copy was compared by. */
export const fileViewSchema = z
  .object({
    id: z.string(),
    path: z.string(),
    state: z.enum(dtrStates),
    sizeBytes: z.int(),
    bytesDone: z.int(),
    attempts: z.int(),
    executor: executorSchema.optional(),
    executorWhy: z.string().optional(),
    worker: z.string().optional().describe('The delivery worker that moves or moved the bytes.'),
    checksums: z.record(z.string(), z.string()).optional(),
    verified: verifySchema.optional(),
    destination: destinationRefSchema.optional().describe('Of this file alone, in a job that is a list.'),
    source: sourceRefSchema.optional(),
    waitReason: z
      .object({ code: z.enum(waitCodes), text: z.string(), until: z.string().optional() })
      .optional()
      .describe('Why it does not move now.'),
    lastByteAt: z.string().optional().describe('While it moves: when its last byte came.'),
    bytesPerSecond: z.int().optional(),
    error: z
      .object({
        code: z.string(),
        type: z.string(),
        location: z.string(),
        message: z.string(),
        retryAt: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: 'TransferFile' })

export type FileView = z.infer<typeof fileViewSchema>

/** What is known of a file besides its row. */
export interface FileNow {
  waitReason?: WaitReason | undefined
  lastByteAtMs?: number | undefined
  bytesPerSecond?: number | undefined
}

export function toJobView(job: TransferJob, now: { active: number; bytesPerSecond: number }): JobView {
  const bytesLeft = Math.max(0, job.bytesTotal - job.bytesDone)
  const isMoving = job.state === 'ACTIVE' && now.bytesPerSecond > 0
  return {
    id: job.id,
    label: job.label,
    state: job.state,
    source: job.source,
    destination: job.destination,
    overwrite: job.overwrite,
    priority: job.priority,
    executor: job.executor,
    verify: job.verify,
    options: job.options,
    share: job.share,
    link: job.link,
    ...(job.notBeforeMs === null ? {} : { notBefore: isoTime(job.notBeforeMs) }),
    ...(job.deadlineMs === null ? {} : { deadline: isoTime(job.deadlineMs) }),
    ...(job.scheduleId === null ? {} : { scheduleId: job.scheduleId }),
    createdAt: isoTime(job.createdAtMs),
    ...(job.startedAtMs === null ? {} : { startedAt: isoTime(job.startedAtMs) }),
    ...(job.finishedAtMs === null ? {} : { finishedAt: isoTime(job.finishedAtMs) }),
    files: {
      total: job.filesTotal,
      done: job.filesDone,
      failed: job.filesFailed,
      skipped: job.filesSkipped,
      canceled: job.filesCanceled,
      active: now.active,
      ...(job.cleanup === null ? {} : { removed: job.filesRemoved }),
    },
    bytes: { total: job.bytesTotal, done: job.bytesDone },
    bytesPerSecond: now.bytesPerSecond,
    ...(isMoving ? { secondsLeft: Math.ceil(bytesLeft / now.bytesPerSecond) } : {}),
    ...(job.errorCode === null ? {} : { error: { code: job.errorCode, message: job.errorText ?? '' } }),
  }
}

export function toFileView(file: TransferFile, now: FileNow = {}): FileView {
  return {
    id: file.id,
    path: file.path,
    state: file.state,
    sizeBytes: file.sizeBytes,
    bytesDone: file.bytesDone,
    attempts: file.attempts,
    ...(file.executor === null ? {} : { executor: file.executor }),
    ...(file.executorWhy === null ? {} : { executorWhy: file.executorWhy }),
    ...(file.worker === null ? {} : { worker: file.worker }),
    ...(file.state === 'DONE' ? { checksums: { ...file.checksums } as Record<string, string> } : {}),
    ...(file.verified === null || file.state !== 'DONE' ? {} : { verified: file.verified }),
    ...(file.source === null ? {} : { source: file.source }),
    ...(file.destination === null ? {} : { destination: file.destination }),
    ...waitOf(now.waitReason),
    ...(now.lastByteAtMs === undefined ? {} : { lastByteAt: isoTime(now.lastByteAtMs) }),
    ...(now.bytesPerSecond === undefined ? {} : { bytesPerSecond: now.bytesPerSecond }),
    ...errorOf(file),
  }
}

function waitOf(reason: WaitReason | undefined): Pick<FileView, 'waitReason'> {
  if (reason === undefined) return {}
  const { code, text, untilMs } = reason
  return { waitReason: { code, text, ...(untilMs === undefined ? {} : { until: isoTime(untilMs) }) } }
}

function errorOf(file: TransferFile): Pick<FileView, 'error'> {
  if (file.errorCode === null) return {}
  const isWaiting = file.queue === 'held' && file.leaseOwner === null
  return {
    error: {
      code: file.errorCode,
      type: file.errorType ?? 'INTERNAL_PROCESS_ERROR',
      location: file.errorLocation ?? 'ERROR_UNKNOWN',
      message: file.errorText ?? '',
      ...(isWaiting ? { retryAt: isoTime(file.nextAtMs) } : {}),
    },
  }
}
