import { statfs } from 'node:fs/promises'
import { z } from 'zod'
import type { Config } from './config/schema.ts'
import { finding, nodeChecks } from './node-checks.ts'
import { listQueueWorkers, messageQueue, transferQueue } from './node-system-repo.ts'
import { type ApiRoute, apiRoute } from './platform/api-route.ts'
import { type Clock, isoTime } from './platform/clock.ts'
import type { Db } from './platform/db.ts'

const time = z.iso.datetime()

const systemSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    runtime: z.string(),
    publicUrl: z.string(),
    now: time,
    startedAt: time.describe('Of the process that answers.'),
    processes: z.int().describe('That serve requests, as configured.'),
    checks: z
      .array(
        z.object({
          check: z.string(),
          level: z.enum(['ok', 'warn', 'fail']),
          message: z.string(),
          remedy: z.string().optional(),
        }),
      )
      .describe('What "causeway doctor" looks at.'),
    database: z.object({ client: z.enum(['sqlite', 'postgres']) }),
    storage: z.object({ folder: z.string(), freeBytes: z.number(), totalBytes: z.number() }),
    workers: z.array(z.object({ id: z.string(), seenAt: time })).describe('That take transfers.'),
    queues: z.object({
      transfers: z.object({ jobs: z.int(), oldestAt: time.optional(), ageSeconds: z.int().optional() }),
      messages: z.object({
        waiting: z.int(),
        failed: z.int(),
        oldestAt: time.optional(),
        ageSeconds: z.int().optional(),
      }),
    }),
  })
  .meta({ id: 'System' })

export interface SystemApiDeps {
  config: Config
  db: Db
  clock: Clock
  version: string
}

/** `GET /admin/system`: how the node is. */
export function systemRoute(deps: SystemApiDeps): ApiRoute {
  const startedAtMs = deps.clock.nowMs()
  return apiRoute({
    ...{ method: 'get', path: '/admin/system', operationId: 'getSystem', auth: 'admin' },
    summary: 'Version, checks, disk, database, workers and how old the queues are',
    response: systemSchema,
    handle: () => describeSystem(deps, startedAtMs),
  })
}

async function describeSystem({ config, db, clock, version }: SystemApiDeps, startedAtMs: number) {
  const nowMs = clock.nowMs()
  const [checks, disk, transfers, messages, workers] = await Promise.all([
    Promise.all(nodeChecks(config, db).map(([check, look]) => finding(check, look))),
    statfs(config.storage.folder),
    transferQueue(db),
    messageQueue(db),
    listQueueWorkers(db),
  ])
  const age = (oldestAtMs: number | undefined) =>
    oldestAtMs === undefined
      ? {}
      : { oldestAt: isoTime(oldestAtMs), ageSeconds: Math.max(0, Math.round((nowMs - oldestAtMs) / 1000)) }
  return {
    ...{ name: config.name, version, runtime: `Node ${process.version}`, publicUrl: config.publicUrl },
    ...{ now: isoTime(nowMs), startedAt: isoTime(startedAtMs), processes: config.server.workers, checks },
    database: { client: config.database.client },
    storage: {
      folder: config.storage.folder,
      freeBytes: disk.bavail * disk.bsize,
      totalBytes: disk.blocks * disk.bsize,
    },
    workers: workers.map(({ id, seenAtMs }) => ({ id, seenAt: isoTime(seenAtMs) })),
    queues: {
      transfers: { jobs: transfers.jobs, ...age(transfers.oldestAtMs) },
      messages: { waiting: messages.waiting, failed: messages.failed, ...age(messages.oldestAtMs) },
    },
  }
}
