import { z } from 'zod'
import { hashTypes } from '../platform/running-hash.ts'
import { maxDeleteSchema } from './orders/deletions.ts'

/** How to find out whether source and destination hold the same; Globus' sync levels. */
export const syncLevels = ['exists', 'size', 'mtime', 'checksum'] as const

/** One rule of a filter: the first that matches a path, relative to the source, decides. */
const filterRule = z
  .strictObject({
    action: z.enum(['include', 'exclude']),
    /**
     * `*` and `?` within a name, `**` across folders; a trailing `/` means folders with all below. With a
     * `/` elsewhere it counts from the source's root, else for names anywhere.
     */
    pattern: z.string().min(1).max(1000),
  })
  .meta({ id: 'TransferFilter' })

export const checksumsSchema = z.partialRecord(
  z.enum(hashTypes),
  z
    .string()
    .regex(/^[0-9a-fA-F]{8,64}$/)
    .toLowerCase(),
)

/** What a job may ask for besides its ends; kept as it was ordered. */
export const jobOptionsSchema = z
  .strictObject({
    sync: z.enum(syncLevels).optional(),
    filters: z.array(filterRule).max(100).optional(),
    /** Removes what the destination has and the source has not, when all else went well. */
    deleteExtra: z.boolean().optional(),
    /** With `deleteExtra`: beyond this nothing is removed, and the job ends FINISHEDDIRTY. */
    maxDelete: maxDeleteSchema.optional(),
    /** Attempts per file; the node's setting is the upper bound. */
    maxTries: z.int().min(1).max(100).optional(),
    /** `fail`: the first file that fails for good ends the job; `skip`: the others go on. */
    onItemError: z.enum(['skip', 'fail']).optional(),
    /** Parallel streams for one large file. */
    streams: z.int().min(1).max(16).optional(),
    bandwidthBytesPerSecond: z.int().min(1).optional(),
    /** A file that moves slower than this over the time is tried again. */
    minBytesPerSecond: z.int().min(1).optional(),
    /** What the source file must have; only for a source that is one file. */
    checksums: checksumsSchema.optional(),
    /** Files of this source are kept in the node's cache, and taken from it. */
    cache: z.enum(['yes', 'no', 'renew', 'copy', 'check', 'invariant']).optional(),
    /** Seconds that a file from tape shall stay online. */
    pinSeconds: z.int().min(1).optional(),
    /** How long a tape system may take; a week unless given. */
    bringOnlineSeconds: z.int().min(1).optional(),
    /** Told by POST when the job is over. */
    webhook: z.string().max(2000).optional(),
    metadata: z.record(z.string().max(100), z.unknown()).optional(),
  })
  .meta({ id: 'TransferOptions' })

export type JobOptions = z.infer<typeof jobOptionsSchema>
export type FilterRule = z.infer<typeof filterRule>
export type SyncLevel = (typeof syncLevels)[number]
