import { z } from 'zod'
import { hashTypes } from '../../platform/running-hash.ts'

/** Changes when a worker of before would no longer understand the node, or the other way round. */
export const DELIVERY_PROTOCOL = 1
export const MAX_TAKE_WAIT_SECONDS = 30
/** One `PUT` of bytes is no longer. */
export const MAX_PIECE_BYTES = 16 * 1024 * 1024
const MAX_SLOTS = 256

const text = (max: number) => z.string().max(max)
const bytes = z.int().min(0)
const checksumSchema = z.partialRecord(z.enum(hashTypes), z.string().regex(/^[0-9a-f]{8,64}$/))
/** Announced at each start; every later call carries it. */
const session = z.string().min(8).max(100)

/** What a worker says of itself when it begins. */
export const announcementSchema = z.strictObject({
  protocol: z.int().describe('Version of this protocol.'),
  version: text(50).describe('Version of the program.'),
  executors: z.array(text(50)).max(20),
  prefixes: z
    .array(z.string().startsWith('/').max(4096))
    .max(100)
    .describe('Folders of the node that the worker has too; it may know them by other names.'),
  slots: z.int().min(1).max(MAX_SLOTS).describe('Files at a time.'),
  load: z.number().min(0).default(0),
})
export type Announcement = z.infer<typeof announcementSchema>

/** What the node answers: by what rules it works. */
export const welcomeSchema = z.object({
  session,
  name: z.string(),
  leaseSeconds: z.number(),
  network: z
    .object({
      allow: z.array(z.string()),
      insecureHttp: z.boolean(),
      hosts: z.record(z.string(), z.string()),
    })
    .describe('Whom the node itself may ask, beside the public internet.'),
})
export type Welcome = z.infer<typeof welcomeSchema>

export const takeSchema = z.strictObject({
  session,
  free: z.int().min(1).max(MAX_SLOTS),
  waitSeconds: z.number().min(0).max(MAX_TAKE_WAIT_SECONDS).default(0),
  load: z.number().min(0).default(0),
})
export type TakeOrder = z.infer<typeof takeSchema>

/** One file to be moved, with all that is needed for it and nothing more. */
export const leaseSchema = z.object({
  id: z.string(),
  source: z.object({
    label: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe('The right to read this file. Never to be logged.'),
  }),
  expected: z.object({
    sizeBytes: bytes,
    etag: z.string().nullable(),
    mtimeMs: z.number().nullable(),
    validator: z.string().nullable(),
  }),
  hashes: z.array(z.enum(hashTypes)),
  streams: z.int(),
  resumeFromBytes: bytes,
  destination: z.union([
    z.object({ path: z.string().describe('As the node names it.') }),
    z.object({ upload: z.literal(true) }),
  ]),
})
export type Lease = z.infer<typeof leaseSchema>

export const heartbeatSchema = z.strictObject({
  session,
  load: z.number().min(0).default(0),
  leases: z
    .array(z.strictObject({ id: text(100), bytesDone: bytes, validator: text(1000).nullable() }))
    .max(MAX_SLOTS),
})
export type Heartbeat = z.infer<typeof heartbeatSchema>

export const heartbeatAnswerSchema = z.object({
  ends: z.array(z.object({ id: z.string(), reason: z.enum(['lost', 'stop']) })),
  isDraining: z.boolean(),
})
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>

export const finishedSchema = z.strictObject({
  session,
  sizeBytes: bytes,
  checksums: checksumSchema,
  /** CRC-32 of blocks, by which the node makes sure that it sees the same bytes. */
  blocks: z.strictObject({
    blockBytes: z.int().min(1024),
    first: z.int().min(0),
    crcs: z.array(z.int().min(0)).max(10_000),
  }),
})
export type FinishedReport = z.infer<typeof finishedSchema>

export const faultSchema = z.strictObject({
  code: z.string().regex(/^[A-Z0-9_]{1,100}$/),
  type: z.enum([
    'INTERNAL_LOGIC_ERROR',
    'INTERNAL_PROCESS_ERROR',
    'TEMPORARY_REMOTE_ERROR',
    'PERMANENT_REMOTE_ERROR',
    'LOCAL_FILE_ERROR',
    'TRANSFER_SPEED_ERROR',
  ]),
  location: z.enum(['ERROR_SOURCE', 'ERROR_DESTINATION', 'ERROR_TRANSFER', 'ERROR_UNKNOWN']),
  message: text(2000),
  temporary: z.boolean(),
  maxRepeats: z.int().min(1).max(100).optional(),
  retryAfterSeconds: z.number().min(0).max(86_400).optional(),
  dropBytes: z.boolean().optional(),
})

export const failedSchema = z.strictObject({
  session,
  fault: faultSchema,
  /** True when it is not the file but this worker that cannot: another one is tried at once. */
  isOfWorker: z.boolean(),
  validator: text(1000).nullable(),
})
export type FailedReport = z.infer<typeof failedSchema>

export const sessionSchema = z.strictObject({ session })
export const credentialsSchema = z.object({ headers: z.record(z.string(), z.string()) })
/** What the source is now. */
export const sourceNowSchema = z.object({
  kind: z.enum(['file', 'folder']),
  sizeBytes: bytes,
  etag: z.string(),
})
export type SourceNow = z.infer<typeof sourceNowSchema>
export const appendSchema = z.strictObject({
  session,
  offset: z.coerce.number().int().min(0),
  /** What stands is forgotten first: the source began again. */
  anew: z.enum(['0', '1']).default('0'),
})
export const appendedSchema = z.object({ sizeBytes: bytes })

/** How a worker talks to its node: over HTTPS, or in one process over its database. */
export interface DeliveryClient {
  announce(announcement: Announcement): Promise<Welcome>
  take(order: TakeOrder, signal: AbortSignal): Promise<Lease[]>
  heartbeat(beat: Heartbeat): Promise<HeartbeatAnswer>
  finished(leaseId: string, report: FinishedReport): Promise<void>
  failed(leaseId: string, report: FailedReport): Promise<void>
  /** Headers asked anew after a 401. */
  credentials(leaseId: string, session: string): Promise<Record<string, string>>
  sourceNow(leaseId: string, session: string): Promise<SourceNow>
  /** Adds bytes at `offset`; answers how many stand then. */
  append(leaseId: string, piece: Piece, signal: AbortSignal): Promise<number>
}

export interface Piece {
  session: string
  offset: number
  isAnew: boolean
  bytes: Buffer
}
