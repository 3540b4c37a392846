import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requireProgram, runProgram } from './programs.ts'
import type { TestNode } from './test-mesh.ts'

/** One of the desktop sync clients, as its command line program. */
export interface SyncClientKind {
  program: string
  package: string
  /** The arguments before the folder and the address. */
  args(home: string): string[]
}

const COMMON = ['--non-interactive', '--trust', '--max-sync-retries', '2']

export const nextcloud: SyncClientKind = {
  program: 'nextcloudcmd',
  package: 'nextcloud-desktop-cmd',
  args: () => COMMON,
}

/** Debian ships it without its list of excluded names, and it ends without one. */
export const owncloud: SyncClientKind = {
  program: 'owncloudcmd',
  package: 'owncloud-client-cmd',
  args: (home) => [...COMMON, '--exclude', join(home, 'exclude.lst')],
}

export interface SyncOptions {
  kind: SyncClientKind
  node: TestNode
  user: string
  password: string
  /** Holds the configuration of the program, and the folder that is synced. */
  home: string
}

/** A folder on a machine of a person who uses a sync client. */
export class SyncedFolder {
  readonly path: string
  private readonly options: SyncOptions
  private seconds = 0

  static async create(options: SyncOptions): Promise<SyncedFolder> {
    const folder = new SyncedFolder(options)
    await mkdir(folder.path, { recursive: true })
    await writeFile(join(options.home, 'exclude.lst'), ']*.never-there\n')
    return folder
  }

  private constructor(options: SyncOptions) {
    this.options = options
    this.path = join(options.home, 'folder')
  }

  /** One run of the program; throws with its log when it does not end well. */
  async sync(): Promise<void> {
    const { code, log } = await this.trySync()
    if (code !== 0) throw new Error(`exit ${code}\n${log.slice(-8_000)}`)
  }

  /** One run of the program, however it ends. */
  async trySync(): Promise<{ code: number | null; log: string }> {
    const { program, env } = this.command()
    const { code, stdout, stderr } = await runProgram(program, this.args(), { env })
    return { code, log: `${stdout}\n${stderr}` }
  }

  /** Starts a slow run, to be killed in the middle. */
  start(uploadKiBPerSecond: number): ChildProcess {
    const { program, env } = this.command()
    const args = ['--uplimit', `${uploadKiBPerSecond}`, ...this.args()]
    return spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  }

  /** Writes a file; clients leave alone what changed within the last seconds, so it looks older. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.path, name)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, content)
    const time = Date.now() / 1_000 - 3_600 + this.seconds++
    await utimes(file, time, time)
  }

  /** The files by name, without those of the program itself. */
  async read(): Promise<Record<string, string>> {
    const names = await readdir(this.path, { recursive: true })
    const files: Record<string, string> = {}
    for (const name of names.sort()) {
      if (/(^|\/)\.(sync|_sync|owncloudsync|nextcloudsync)/.test(name)) continue
      const path = join(this.path, name)
      if ((await stat(path)).isFile()) files[name] = await readFile(path, 'latin1')
    }
    return files
  }

  private command() {
    const { kind, home } = this.options
    const env = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      QT_QPA_PLATFORM: 'offscreen',
      LC_ALL: 'C.UTF-8',
    }
    return { program: requireProgram(kind.program, kind.package), env }
  }

  private args(): string[] {
    const { kind, home, node, user, password } = this.options
    return ['-u', user, '-p', password, ...kind.args(home), this.path, node.origin]
  }
}

/** Kills a program that was started and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** How many requests by method the drive of a node answered so far, from its own metrics. */
export async function countRequests(node: TestNode): Promise<Record<string, number>> {
  const text = await (await fetch(`${node.opsOrigin}/metrics`)).text()
  const counts: Record<string, number> = {}
  const line = /^causeway_http_request_duration_seconds_count\{([^}]*)\} (\d+)$/gm
  for (const [, labels = '', count] of text.matchAll(line)) {
    if (!labels.includes('route="remote.php"')) continue
    const method = /method="(\w+)"/.exec(labels)?.[1] ?? ''
    counts[method] = (counts[method] ?? 0) + Number(count)
  }
  return counts
}

/** The requests that `work` causes, by method. */
export async function requestsOf(node: TestNode, work: () => Promise<void>): Promise<Record<string, number>> {
  const before = await countRequests(node)
  await work()
  const after = await countRequests(node)
  const changed = Object.entries(after).map(
    ([method, count]) => [method, count - (before[method] ?? 0)] as const,
  )
  return Object.fromEntries(changed.filter(([, count]) => count > 0))
}
