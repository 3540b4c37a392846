import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'undici'
import { newSecret } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { TransferError } from '../transfer-error.ts'
import { findRclone, isAtLeast, type RcloneProgram } from './rclone-program.ts'

const USER = 'causeway'
/** Remote control calls answer at once; a daemon that does not is hung. */
const CALL_TIMEOUT_MS = 20_000
const CLOSE_PATIENCE_MS = 3000
/**
 * Keeps the daemon from outliving us, even when we are killed: the shell holds our end of a pipe and
 * ends the daemon when the pipe closes, by force when it is hung.
 */
const SUPERVISE =
  'exec 3<&0; "$@" </dev/null 3<&- & child=$!; ' +
  '{ read -r _ <&3; kill "$child"; sleep 5 >/dev/null 2>&1 3<&-; kill -9 "$child"; } & watcher=$!; ' +
  'trap \'kill "$child"\' TERM INT; wait "$child"; kill "$watcher" 2>/dev/null'

/** One running daemon. Its job numbers mean nothing to the next one. */
export interface RcloneLife {
  program: RcloneProgram
  child: ChildProcess
  client: Client
  password: string
}

/** The one `rclone rcd` of a node: started when first needed, started again after it died. */
export class RcloneDaemon {
  private readonly program: string
  private readonly log: Logger
  private readonly proxy: (() => Promise<string>) | undefined
  private life: Promise<RcloneLife> | undefined
  /** That of the newest life: the end of an older one must not make us forget this one. */
  private child: ChildProcess | undefined

  /** `proxy`: through which it speaks plain http, secret included; loopback addresses are reached without it. */
  constructor(deps: { program: string; log: Logger; proxy?: () => Promise<string> }) {
    this.program = deps.program
    this.log = deps.log
    this.proxy = deps.proxy
  }

  /** The running daemon; started when there is none. */
  ensure(): Promise<RcloneLife> {
    if (this.life === undefined) {
      const life = this.begin()
      this.life = life
      life.catch(() => this.forget(life))
    }
    return this.life
  }

  /**
   * One remote control call to that daemon. Throws a temporary `TransferError` when it died or is hung
   * (then it is ended), `RcloneRefusal` for its errors.
   */
  async call(
    life: RcloneLife,
    method: string,
    input: Record<string, unknown>,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<Record<string, unknown>> {
    const { client, password } = life
    const signal = AbortSignal.timeout(timeoutMs)
    const authorization = `Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`
    try {
      const answer = await client.request({
        method: 'POST',
        path: `/${method}`,
        headers: { Authorization: authorization, 'Content-Type': 'application/json' },
        body: JSON.stringify(input),
        signal,
      })
      const output = (await answer.body.json()) as Record<string, unknown>
      if (answer.statusCode === 200) return output
      // The answer repeats the whole input; only its error text goes on.
      throw new RcloneRefusal(String(output.error), answer.statusCode)
    } catch (error) {
      if (error instanceof RcloneRefusal) throw error
      if (signal.aborted) this.end(life)
      throw died(error)
    }
  }

  async close(): Promise<void> {
    const life = await this.life?.catch(() => undefined)
    if (life === undefined) return
    const { child } = life
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.stdin?.end()
    const patience = setTimeout(() => killHard(child), CLOSE_PATIENCE_MS)
    await exited
    clearTimeout(patience)
  }

  /** The next `ensure` starts another one at once; it need not wait until this one is seen to have ended. */
  private end({ child }: RcloneLife): void {
    this.forgetChild(child)
    killHard(child)
  }

  private forgetChild(child: ChildProcess): void {
    if (this.child !== child) return
    this.child = undefined
    this.life = undefined
  }

  private forget(life: Promise<RcloneLife>): void {
    if (this.life === life) this.life = undefined
  }

  private async begin(): Promise<RcloneLife> {
    const program = await findRclone(this.program)
    const folder = await mkdtemp(join(tmpdir(), 'causeway-rclone-'))
    const password = newSecret()
    const socket = isAtLeast(program, 1, 61) ? join(folder, 'rc.sock') : undefined
    const proxy = await this.proxy?.()
    const child = startDaemon(program, {
      folder,
      password,
      proxy,
      address: socket === undefined ? '127.0.0.1:0' : `unix://${socket}`,
    })
    this.child = child
    child.once('exit', () => void rm(folder, { recursive: true, force: true }).catch(() => undefined))
    const address = await listeningAddress(child, CALL_TIMEOUT_MS)
    const client =
      socket === undefined ? new Client(address) : new Client('http://localhost', { socketPath: socket })
    this.log.info({ version: program.version.join('.'), pid: child.pid }, 'rclone daemon started')
    this.watch(child, client)
    return { program, child, client, password }
  }

  private watch(child: ChildProcess, client: Client): void {
    child.once('exit', (code, signal) => {
      this.forgetChild(child)
      this.log.info({ code, signal }, 'rclone daemon ended')
      client.destroy().catch(() => undefined)
    })
  }
}

/** What rclone complained about. */
export class RcloneRefusal extends Error {
  override name = 'RcloneRefusal'
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

interface DaemonOptions {
  folder: string
  password: string
  address: string
  proxy: string | undefined
}

function startDaemon(program: RcloneProgram, options: DaemonOptions) {
  const args = ['-c', SUPERVISE, 'sh', program.path, 'rcd', '--rc-addr', options.address]
  return spawn('/bin/sh', args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C at the node leaves it to us, and shell and daemon can be killed together.
    detached: true,
    // Nothing of our own environment: it may hold secrets of the node.
    env: {
      HOME: options.folder,
      RCLONE_CONFIG: '/dev/null',
      RCLONE_RC_USER: USER,
      RCLONE_RC_PASS: options.password,
      ...(options.proxy === undefined ? {} : { HTTP_PROXY: options.proxy }),
    },
  })
}

/** Reads until the daemon says where it listens; afterwards its log is read and forgotten. */
async function listeningAddress(child: ChildProcess, patienceMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const patience = setTimeout(() => killHard(child), patienceMs)
  if (child.stderr === null) throw new Error('no log of the daemon')
  const lines = createInterface({ input: child.stderr })
  lines.on('line', (line) => {
    const match = /Serving remote control on ((?:http|unix):\/\/\S*?)\/?$/.exec(line.trim())
    if (match !== null) resolve(String(match[1]))
  })
  child.once('error', reject)
  child.once('exit', () => reject(died(undefined)))
  return promise.finally(() => clearTimeout(patience))
}

/** Ends the daemon with its shell; nothing hung survives this. */
function killHard(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

function died(cause: unknown): TransferError {
  return new TransferError(
    {
      code: 'EXECUTOR_DIED',
      type: 'INTERNAL_PROCESS_ERROR',
      location: 'ERROR_TRANSFER',
      message: 'rclone ended unexpectedly or did not answer. It is started again for the next attempt.',
      temporary: true,
    },
    cause,
  )
}
