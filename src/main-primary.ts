import { fileURLToPath } from 'node:url'
import { migrateToLatest } from '../migrations/index.ts'
import type { LoadedConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { createOpsApp } from './http/app.ts'
import { listen } from './http/listener.ts'
import type { RunningNode } from './main.ts'
import type { WorkerOrder } from './main-worker.ts'
import { readKeys } from './node-keys.ts'
import { listenOps } from './node-listeners.ts'
import { clusterChecks, clusterMetrics } from './node-workers.ts'
import { systemClock } from './platform/clock.ts'
import { openDb } from './platform/db.ts'
import { createLogger, type Logger } from './platform/log.ts'
import { Supervisor } from './platform/workers/supervisor.ts'
import { forkWorker } from './platform/workers/worker-process.ts'

const WORKER_PROGRAM = fileURLToPath(new URL('main-worker.ts', import.meta.url))
/** Beyond the time that requests have: to hand copies back and close the database. */
const CLOSE_PATIENCE_MS = 20_000

/** Runs a node as several workers that share its port; this process only keeps them running. */
export async function serveWithWorkers(
  loaded: LoadedConfig,
  where: { host: string; port: number },
): Promise<RunningNode> {
  const { config } = loaded
  const log = createLogger(config.log.level)
  await prepare(loaded)
  // One that is started later has to find the others: no port may be left to chance.
  const port = where.port === 0 ? await findFreePort(where.host) : where.port
  const supervisor = new Supervisor({
    count: config.server.workers,
    clock: systemClock,
    log,
    patienceMs: config.server.stopGraceSeconds * 1000 + CLOSE_PATIENCE_MS,
    launch(number) {
      const worker = forkWorker(WORKER_PROGRAM)
      const order: WorkerOrder = { loaded, number, host: where.host, port }
      worker.send({ kind: 'order', order })
      return worker
    },
  })
  const url = await supervisor.start()
  try {
    const ops = await openOps(supervisor, config.ops, port)
    log.info(
      { url, opsUrl: ops.url, publicUrl: config.publicUrl, workers: config.server.workers },
      'listening',
    )
    return running(supervisor, ops, { url, log })
  } catch (error) {
    await supervisor.stop()
    throw error
  }
}

/** What has to be right before there are workers, and is done once: keys to read, a database to bring up to date. */
async function prepare({ folder, config }: LoadedConfig): Promise<void> {
  await readKeys(folder)
  const db = openDb(config.database)
  try {
    await migrateToLatest(db)
  } finally {
    await db.destroy()
  }
}

async function findFreePort(host: string): Promise<number> {
  const none = () => undefined
  const probe = await listen(none, { host, port: 0, onExpectContinue: none })
  await probe.close()
  return probe.port
}

interface Ops {
  url: string
  beginStop(): void
  close(): Promise<void>
}

async function openOps(supervisor: Supervisor, ops: Config['ops'], mainPort: number): Promise<Ops> {
  const stopping = new AbortController()
  const app = createOpsApp(clusterMetrics(supervisor), clusterChecks(supervisor), stopping.signal)
  const listener = await listenOps(app.callback(), ops, mainPort)
  return { url: listener.url, beginStop: () => stopping.abort(), close: () => listener.close() }
}

function running(supervisor: Supervisor, ops: Ops, { url, log }: { url: string; log: Logger }): RunningNode {
  const stopped = supervisor.stopped.finally(() => ops.close())
  return {
    url,
    opsUrl: ops.url,
    stopped,
    async stop() {
      ops.beginStop()
      await supervisor.stop()
      await stopped
      log.info('stopped')
    },
  }
}
