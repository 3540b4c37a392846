import { z } from 'zod'
import { delivery } from './delivery.ts'
import { fts } from './fts.ts'
import { tpc } from './tpc.ts'
import { seconds } from './values.ts'

/** `transfers.cache`: a file that many jobs want is fetched once. */
const cache = z.strictObject({
  maxBytes: z
    .int()
    .min(0)
    .default(0)
    .describe('Room for fetched files that jobs may share; 0: no cache. The longest unused go first.'),
  minFreeBytes: z.int().min(0).default(0).describe('… and what must stay free on its disk.'),
  lifetimeDays: z.number().positive().default(30).describe('What nobody used for this long is removed.'),
  hardLinks: z
    .boolean()
    .default(true)
    .describe('Link cached files into drives; off where others write into files of drives in place.'),
})

const stagePath = z.strictObject({
  path: z.string().startsWith('/').describe('A folder below which computing jobs have their directories.'),
  users: z.array(z.string().min(1)).default([]).describe('Who may; all when neither users nor groups are.'),
  groups: z.array(z.string().min(1)).default([]),
})

/** Who moves the bytes of jobs, how many files at a time, and for whom first. */
export const transfers = z.strictObject({
  executor: z
    .enum(['auto', 'stream', 'rclone'])
    .default('auto')
    .describe('Who moves the bytes unless a job says otherwise; `auto`: by what both ends can do.'),
  slots: z.int().min(1).max(256).default(10).describe('Files moved at the same time.'),
  emergencySlots: z.int().min(0).max(64).default(1).describe('More for shares that would get nothing.'),
  stageSlots: z
    .strictObject({
      preProcess: z
        .int()
        .min(0)
        .max(1000)
        .default(20)
        .describe('Files besides, whose source or destination is slow to say what it has.'),
      postProcess: z
        .int()
        .min(0)
        .max(1000)
        .default(20)
        .describe('Files besides, whose destination is slow to verify or to publish what came.'),
    })
    .prefault({}),
  sharePolicy: z
    .enum(['none', 'user', 'group', 'institution', 'link', 'label'])
    .default('user')
    .describe('By what transfers are sorted into shares, which divide the slots.'),
  links: z
    .strictObject({
      min: z.int().min(1).max(1000).default(2).describe('Files at a time between two hosts, at least.'),
      max: z.int().min(1).max(1000).default(60).describe('… and at most; in between they adapt.'),
      start: z.int().min(1).max(1000).default(40).describe('Where a pair of hosts begins.'),
    })
    .prefault({}),
  bandwidth: z
    .string()
    .default('')
    .describe('Bytes per second of all transfers together, by time of day: `08:00,10M 18:00,off`.'),
  timeZone: z.string().default('UTC').describe('Whose times of day `bandwidth` and schedules mean.'),
  shareWeights: z
    .record(z.string(), z.int().min(1).max(100))
    .default({})
    .describe('Weights of shares by name, such as `user:alice` or `group:hpc`; 50 where none is given.'),
  maxTries: z.int().min(1).max(100).default(10).describe('Attempts per file before it fails.'),
  retryBaseSeconds: z.number().min(0).default(10).describe('Attempt n waits n² times this long.'),
  leaseSeconds: seconds.default(30).describe('A silent worker loses its file after this long.'),
  localSizeLimit: z
    .int()
    .min(0)
    .default(16 * 1024 * 1024)
    .describe('Bytes; smaller files are moved by the node itself, larger ones by delivery workers if any.'),
  delivery: delivery.prefault({}),
  rcloneProgram: z.string().default('rclone').describe('Name on PATH, or path, of rclone.'),
  cache: cache.prefault({}),
  stagePaths: z
    .array(stagePath)
    .default([])
    .describe('Folders of this machine where files may be staged for computing jobs.'),
  tpc: tpc.prefault({}),
  fts: fts.optional().describe('An FTS3 server for orders that ask for it.'),
})
