import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConfigInput } from '../../../../src/config/schema.ts'
import type { Delivery } from '../../../../src/transfers/delivery/deliveries-repo.ts'
import { listAll } from '../../../../src/transfers/delivery/deliveries-repo.ts'
import type { FileView, JobView } from '../../../../src/transfers/index.ts'
import { TestMesh, type TestNode } from '../../../support/test-mesh.ts'
import { PacedServer } from './paced-server.ts'

const MAIN = join(import.meta.dirname, '../../../../src/cli/main.ts')

/** As `bin/causeway` does: a program that was compiled before starts in half the time. */
const COMPILED = join(import.meta.dirname, '../../../../node_modules/.cache/compile')

/** What a child said and how it ended. */
export interface Child {
  process: ChildProcess
  /** Everything on stderr. */
  log: () => string
  /** Everything on stdout. */
  output: () => string
  ended: Promise<number | null>
}

/** A node, a foreign server, and programs on "other hosts" that move bytes between them. */
export class DeliveryLab {
  readonly mesh: TestMesh
  node: TestNode
  readonly source: PacedServer
  private readonly children: Child[] = []

  private readonly settings: Partial<ConfigInput>

  private constructor(
    mesh: TestMesh & { nodes: TestNode[] },
    source: PacedServer,
    settings: Partial<ConfigInput>,
  ) {
    this.mesh = mesh
    this.settings = settings
    this.node = mesh.nodes[0] as TestNode
    this.source = source
  }

  static async start(
    transfers: Partial<ConfigInput['transfers']> = {},
    settings: Partial<ConfigInput> = {},
  ): Promise<DeliveryLab> {
    const all = {
      transfers: {
        ...{ retryBaseSeconds: 0.05, leaseSeconds: 2, localSizeLimit: 100_000 },
        delivery: { takeSeconds: 5 },
        ...transfers,
      },
      ...settings,
    }
    const mesh = await TestMesh.create(['leiden'], all)
    const lab = new DeliveryLab(mesh, await PacedServer.start(), all)
    await lab.node.node.accounts.addUser({ name: 'ann', password: 'ann-password', displayName: 'Ann' })
    await lab.node.node.accounts.addUser({
      ...{ name: 'root', password: 'root-password', displayName: 'Root', isAdmin: true },
    })
    return lab
  }

  async close(): Promise<void> {
    for (const { process, ended } of this.children) {
      process.kill('SIGCONT')
      process.kill('SIGKILL')
      await ended
    }
    await this.mesh.close()
    await this.source.close()
  }

  /** Stops the node and starts it anew at the same address. */
  async restart(): Promise<void> {
    const { folder, origin } = this.node
    await this.node.close()
    const port = Number(new URL(origin).port)
    this.node = await this.mesh.start('leiden', this.settings, { folder, port })
  }

  get spaces(): string {
    return this.node.node.config.storage.folder
  }

  /** Calls the API as administrator. */
  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, path, `Basic ${btoa('root:root-password')}`, body)
    return answer.status === 204 ? undefined : answer.json()
  }

  call(method: string, path: string, authorization: string, body?: unknown): Promise<Response> {
    return fetch(`${this.node.origin}/api/v1${path}`, {
      method,
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** Lets a worker in; its token. */
  async token(name: string): Promise<string> {
    const made = (await this.admin('POST', '/admin/transfer-workers', { name })) as { token: string }
    return made.token
  }

  /** Starts `causeway deliver --node` in a process of its own; resolves when it takes work. */
  startWorker(token: string, args: readonly string[] = ['--path', this.spaces]): Promise<Child> {
    return this.run(['deliver', '--node', this.node.origin, ...args], { CAUSEWAY_WORKER_TOKEN: token })
  }

  /** Runs the command; resolves at its first line of output or its end. */
  async run(args: readonly string[], env: Record<string, string> = {}): Promise<Child> {
    const flags = ['--disable-warning=ExperimentalWarning', MAIN]
    const child = spawn(process.execPath, [...flags, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.node.folder, NODE_COMPILE_CACHE: COMPILED, ...env },
    })
    let log = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    const ended = once(child, 'exit').then(([code]) => code as number | null)
    const started = { process: child, log: () => log, output: () => output, ended }
    this.children.push(started)
    await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    return started
  }

  /** Orders files of the foreign server into the drive of ann. */
  async order(paths: readonly string[]): Promise<JobView> {
    const ann = await this.ann()
    return this.node.node.transfers.submit(ann, {
      source: { url: `${this.source.url}${paths[0]}` },
      destination: { path: '/in' },
      items: paths.map((path) => ({
        source: { url: `${this.source.url}${path}` },
        destination: { path: `/in${path}` },
      })),
    })
  }

  async ann(): Promise<string> {
    const user = await this.node.node.accounts.findUserByName('ann')
    return (user as { id: string }).id
  }

  job(id: string): Promise<JobView> {
    return this.asAnn('getTransfer', id) as Promise<JobView>
  }

  async files(id: string): Promise<FileView[]> {
    return ((await this.asAnn('listTransferFiles', id)) as { items: FileView[] }).items
  }

  /** Waits until the job is over. */
  async ended(id: string, timeoutMs = 60_000): Promise<JobView> {
    const until = Date.now() + timeoutMs
    for (;;) {
      const job = await this.job(id)
      if (!['SUBMITTED', 'ACTIVE', 'PAUSED'].includes(job.state)) return job
      if (Date.now() > until) throw new Error(`still ${job.state}: ${JSON.stringify(await this.files(id))}`)
      await delay(20)
    }
  }

  /** Waits until a look at the deliveries shows what is wanted. */
  async until(wanted: (deliveries: Delivery[]) => boolean): Promise<Delivery[]> {
    for (;;) {
      const now = await listAll(this.node.node.db)
      if (wanted(now)) return now
      await delay(10)
    }
  }

  async content(path: string): Promise<Buffer> {
    const drive = await this.node.node.shares.drives.driveOf(await this.ann())
    const { body } = await drive.read(path.split('/').filter(Boolean))
    return Buffer.isBuffer(body) ? body : Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>))
  }

  private async asAnn(operationId: string, id: string): Promise<unknown> {
    const route = this.node.node.routes.find((one) => one.operationId === operationId)
    const principal = { userId: await this.ann(), userName: 'ann', isAdmin: false, via: 'password' }
    return route?.handle({ params: { id }, query: { limit: 1000 }, principal } as never)
  }
}
