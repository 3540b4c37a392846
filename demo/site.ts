import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
export const COMMAND = join(ROOT, 'bin/causeway')

/** One institution of the demonstration: a node of its own, in a process of its own. */
export class Site {
  readonly name: string
  readonly port: number
  readonly folder: string
  private readonly env: Record<string, string>
  private process: ChildProcess | undefined

  constructor(name: string, port: number, options: { root: string; hosts: Record<string, string> }) {
    this.name = name
    this.port = port
    this.folder = join(options.root, name)
    this.env = {
      CAUSEWAY_NAME: `${name[0]?.toUpperCase()}${name.slice(1)}`,
      CAUSEWAY_NETWORK__ALLOW: '["127.0.0.0/8"]',
      CAUSEWAY_NETWORK__INSECURE_HTTP: 'true',
      CAUSEWAY_NETWORK__HOSTS: JSON.stringify(options.hosts),
      CAUSEWAY_TRANSFERS__RETRY_BASE_SECONDS: '1',
    }
  }

  /** The OCM host: what stands behind the @ of this site's people. */
  get host(): string {
    return `${this.name}.localhost:${this.port}`
  }

  /** Where programs on this machine reach the node; the name itself is known only inside the nodes. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** The folder as it is typed from the root of the checkout. */
  get shownFolder(): string {
    return relative(ROOT, this.folder)
  }

  /** The settings as they would be typed before a command. */
  get shownEnvironment(): string {
    return Object.entries(this.env)
      .map(([key, value]) => `${key}='${value}'`)
      .join(' ')
  }

  /** Makes the node with its first user. */
  async init(user: string, password: string): Promise<void> {
    const args = [
      'init',
      this.folder,
      '--public-url',
      `http://${this.host}`,
      '--admin',
      user,
      '--password-stdin',
      '--json',
    ]
    const child = spawn(COMMAND, args, { stdio: ['pipe', 'ignore', 'inherit'], env: this.environment() })
    child.stdin.end(password)
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`causeway init of ${this.name} ended with ${code}`)
  }

  /** Starts the node and resolves when it takes requests. */
  async start(): Promise<void> {
    const log = await open(join(this.folder, 'node.log'), 'a')
    const args = ['serve', this.folder, '--port', String(this.port)]
    const child = spawn(COMMAND, args, { stdio: ['ignore', 'pipe', log.fd], env: this.environment() })
    this.process = child
    await log.close()
    await writeFile(pidFile(this.folder), String(child.pid))
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the node ${this.name} ended with ${code}; see ${this.shownFolder}/node.log`)
    })
    ended.catch(() => undefined)
    await Promise.race([ended, lineStarting(child, 'listening on')])
  }

  /** No warning, no goodbye: what a power cut does. */
  kill(): Promise<void> {
    return this.end('SIGKILL')
  }

  /** The orderly stop. */
  stop(): Promise<void> {
    return this.end('SIGTERM')
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  private environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.env }
  }
}

function pidFile(folder: string): string {
  return join(folder, 'node.pid')
}

/** Ends the node that an earlier demonstration left behind when it was killed itself. */
export async function endLeftover(folder: string): Promise<void> {
  const pid = Number(await readFile(pidFile(folder), 'utf8').catch(() => ''))
  if (!(pid > 1)) return
  // The number may belong to somebody else by now.
  const isOurs = async () => {
    const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }))
    return stdout.includes(` serve ${folder} `)
  }
  for (let tries = 0; tries < 100 && (await isOurs()); tries++) {
    process.kill(pid, tries < 50 ? 'SIGTERM' : 'SIGKILL')
    await delay(100)
  }
}

async function lineStarting(child: ChildProcess, start: string): Promise<void> {
  if (child.stdout === null) return
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith(start)) return
  }
}
