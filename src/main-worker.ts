import type { LoadedConfig } from './config/load.ts'
import type { Listener } from './http/listener.ts'
import { type CausewayNode, createNode } from './node.ts'
import { readKeys } from './node-keys.ts'
import { listenMain } from './node-listeners.ts'
import { createLogger } from './platform/log.ts'
import { toFailure, WorkerLink } from './platform/workers/worker-link.ts'

/** What a worker is told to be. */
export interface WorkerOrder {
  loaded: LoadedConfig
  /** From 1. */
  number: number
  host: string
  port: number
}

// This file is a program: one of the processes of a node, started by `main-primary.ts` and by nobody else.
const link = new WorkerLink()
// Ctrl-C reaches all processes of a terminal: the primary alone decides what it means.
process.on('SIGINT', () => undefined)
await run((await link.order) as WorkerOrder).catch(fail)

async function run({ loaded, number, host, port }: WorkerOrder): Promise<void> {
  const log = createLogger(loaded.config.log.level).child({ worker: number })
  const { events, gates } = link
  const node = await createNode(loaded, await readKeys(loaded.folder), {
    ...{ log, events, gates, isMigrated: true },
  })
  const listener = await listenMain(node, { host, port })
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    end(node, listener).catch(fail)
  }
  process.on('SIGTERM', stop)
  link.begin({
    async lead() {
      await node.start()
      log.info({ pid: process.pid }, 'background work begun')
    },
    stop,
    fail,
    answer: (question) => (question === 'metrics' ? node.metrics.registry.getMetricsAsJSON() : judge(node)),
  })
  link.send({ kind: 'ready', url: listener.url })
}

/** The names of what is not as it should be. */
async function judge({ checks }: CausewayNode): Promise<string[]> {
  const failed = await Promise.all(
    checks.map(({ name, check }) =>
      check().then(
        () => [],
        () => [name],
      ),
    ),
  )
  return failed.flat()
}

async function end(node: CausewayNode, listener: Listener): Promise<void> {
  node.beginStop()
  await listener.close(node.config.server.stopGraceSeconds * 1000)
  await node.close()
  leave()
}

function fail(error: unknown): void {
  link.send({ kind: 'failed', failure: toFailure(error) })
  process.exitCode = 1
  leave()
}

/** What is still to be sent goes out first; what is still open then ends with the process. */
function leave(): void {
  if (process.connected) process.disconnect()
  setImmediate(() => process.exit())
}
