import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { FromWorker, ToWorker } from './messages.ts'

/** A worker as its primary sees it. */
export interface WorkerProcess {
  readonly pid: number
  /** To a worker that is gone it does nothing. */
  send(message: ToWorker): void
  onMessage(listener: (message: FromWorker) => void): void
  /** Resolves when the process has ended, with how: `code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>
  /** Ends it without asking. */
  kill(): void
}

/** Starts a program as a worker of this process: the ports it opens are opened here and shared. */
export function forkWorker(program: string): WorkerProcess {
  cluster.setupPrimary({ exec: program, args: [] })
  const worker = cluster.fork()
  // What cannot be sent was meant for one that ends; its end is told by `ended`.
  const ignore = () => undefined
  worker.on('error', ignore)
  return {
    pid: worker.process.pid ?? 0,
    send: (message) => {
      if (worker.isConnected()) worker.send(message, undefined, undefined, ignore)
    },
    onMessage: (listener) => worker.on('message', (message: FromWorker) => listener(message)),
    ended: endOf(worker),
    kill: () => worker.process.kill('SIGKILL'),
  }
}

async function endOf(worker: Worker): Promise<string> {
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null]
  return signal === null || signal === '' ? `code ${code}` : `signal ${signal}`
}
