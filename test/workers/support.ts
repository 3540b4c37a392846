import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { runProgram } from '../support/programs.ts'
import { basic } from '../support/test-user.ts'

const script = resolve(import.meta.dirname, '../../bin/causeway')
export const PASSWORD = 'correct horse'

export interface LogLine {
  msg: string
  worker?: number
  opsUrl?: string
  how?: string
  pid?: number
}

/** A node in processes of its own, as an operator runs it. */
export interface WorkerNode {
  origin: string
  opsOrigin: string
  folder: string
  child: ChildProcess
  log: LogLine[]
  /** Runs the command on the node's folder; its exit code and what it said. */
  command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>
  /** Asks until the condition holds. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>
  /** The workers' process ids; the primary's children. */
  workerPids(): Promise<number[]>
  stop(): Promise<number | null>
  close(): Promise<void>
}

export const environment = (env: Record<string, string>) => ({
  CAUSEWAY_OPS__PORT: '0',
  CAUSEWAY_STORAGE__FSYNC: 'never',
  CAUSEWAY_SERVER__WORKERS: '3',
  ...env,
})

/** Makes a node with the users ann and ben, and runs it on a free port. */
export async function startWorkerNode(env: Record<string, string> = {}): Promise<WorkerNode> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-workers-'))
  const options = { env: environment(env), input: `${PASSWORD}\n` }
  const init = ['init', folder, '--public-url', 'http://127.0.0.1:1', '--admin', 'ann', '--password-stdin']
  await runProgram(script, init, options)
  await runProgram(script, ['user', 'add', folder, 'ben', '--password-stdin'], options)
  return runNode(folder, environment(env))
}

/** Runs a node that is there. */
export async function runNode(folder: string, env: Record<string, string>): Promise<WorkerNode> {
  const child = spawn(script, ['serve', folder, '--port', '0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: LogLine[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line })
  })
  const ready = once(createInterface({ input: child.stdout }), 'line')
  const [line] = (await Promise.race([ready, once(child, 'exit')])) as [string | number]
  if (typeof line !== 'string') throw new Error(`the node ended: ${log.map(({ msg }) => msg).join('\n')}`)
  const until = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await delay(20)
  }
  await until(() => log.some(({ opsUrl }) => opsUrl !== undefined))
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await ended) as [number | null]
    return code
  }
  return {
    origin: line.replace('listening on ', ''),
    opsOrigin: log.find(({ opsUrl }) => opsUrl !== undefined)?.opsUrl ?? '',
    ...{ folder, child, log, until, stop },
    command: (...args) => runProgram(script, args, { env }),
    workerPids: () => childrenOf(child.pid ?? 0),
    async close() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await runProgram('ps', ['-o', 'pid=', '--ppid', `${pid}`])
  return stdout.trim().split(/\s+/).map(Number)
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** One client with one connection, which stays with the worker that took it. */
export class Connection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 })
  private readonly origin: string
  authorization: string

  constructor(origin: string, user = 'ann', password = PASSWORD) {
    this.origin = origin
    this.authorization = basic(user, password)
  }

  /** Several of them: the primary hands connections out in turn, so every worker gets some. */
  static several(count: number, origin: string, user = 'ann'): Connection[] {
    return Array.from({ length: count }, () => new Connection(origin, user))
  }

  send(
    method: string,
    path: string,
    { body, headers }: { body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return new Promise((done, failed) => {
      const call = request(this.origin + path, {
        ...{ agent: this.agent, method },
        headers: {
          authorization: this.authorization,
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      })
      call.on('error', failed)
      call.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          done({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        )
        response.on('error', failed)
      })
      call.end(body)
    })
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    const options = body === undefined ? { headers } : { headers, body: JSON.stringify(body) }
    const answer = await this.send(method, `/api/v1${path}`, options)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return (answer.body === '' ? undefined : JSON.parse(answer.body)) as T
  }

  close(): void {
    this.agent.destroy()
  }
}
