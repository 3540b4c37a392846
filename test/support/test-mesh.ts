import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigInput, configSchema } from '../../src/config/schema.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { type CausewayNode, createNode } from '../../src/node.ts'
import type { NodeOverrides } from '../../src/node-base.ts'
import { createKeys, readKeys } from '../../src/node-keys.ts'
import { DisposalStack } from '../../src/platform/disposal.ts'
import { expectContinue } from '../../src/webdav/index.ts'
import { placeSqlite } from './templates.ts'
import type { TestAuthority } from './test-ca.ts'
import { TestUser } from './test-user.ts'

const DATABASE = 'causeway.db'
/** Nobody guesses the passwords of tests, and hashing one as it should be costs more than most tests. */
const QUICK = { N: 1024, r: 8, p: 1 }

/** A whole node in this process, as `causeway serve` runs it, on a free port of loopback. */
export interface TestNode {
  name: string
  /** Host of the node's OCM addresses: `leiden.test:<port>`, or that of the `publicUrl` in its settings. */
  host: string
  /** `http://127.0.0.1:<port>` */
  origin: string
  opsOrigin: string
  node: CausewayNode
  folder: string
  addUser(name: string): Promise<TestUser>
  close(): Promise<void>
}

/** Several nodes that find each other by name; no rule of the outgoing client is switched off. */
export class TestMesh {
  private readonly hosts: Record<string, string> = {}
  private readonly stack = new DisposalStack()
  /** With one, the nodes speak TLS to each other and nothing else. */
  private authority: TestAuthority | undefined
  private overrides: NodeOverrides = { passwordCost: QUICK }

  static async create(
    names: readonly string[],
    settings: Partial<ConfigInput> = {},
    authority?: TestAuthority,
    overrides: NodeOverrides = {},
  ): Promise<TestMesh & { nodes: TestNode[] }> {
    const mesh = new TestMesh()
    mesh.authority = authority
    mesh.overrides = { passwordCost: QUICK, ...overrides }
    for (const name of names) mesh.hosts[`${name}.test`] = '127.0.0.1'
    const nodes = await Promise.all(names.map((name) => mesh.start(name, settings)))
    return Object.assign(mesh, { nodes })
  }

  /** Starts one more node; `folder` and `port` of an earlier one bring that one back. */
  async start(
    name: string,
    settings: Partial<ConfigInput> = {},
    earlier?: { folder: string; port: number },
  ): Promise<TestNode> {
    // Whoever asks before the node stands is told to come back, as a proxy would.
    let handler: RequestListener = (_request, response) => void response.writeHead(503).end()
    let onContinue = handler
    const tls = await this.authority?.issue(`${name}.test`)
    const open = (port: number, secured?: typeof tls) =>
      listen((req, res) => handler(req, res), {
        ...{ host: '127.0.0.1', port, tls: secured },
        onExpectContinue: (req, res) => onContinue(req, res),
      })
    const listener = await open(earlier?.port ?? 0, tls)
    // The people of the tests know no authorities: they come in by a plain door of the same node.
    const door = tls === undefined ? listener : this.stack.use(await open(0))
    // Behind a proxy it is known by another address than the one it listens at.
    const { publicUrl } = settings
    const host = publicUrl === undefined ? `${name}.test:${listener.port}` : new URL(publicUrl).host
    const folder = earlier?.folder ?? (await this.newFolder(host))
    const config = configSchema.parse({ ...this.settings(host, folder), ...settings })
    const node = await createNode({ config }, await readKeys(folder), this.overrides)
    handler = node.app.callback()
    onContinue = expectContinue(node.mounts, handler)
    node.app.on('error', () => undefined)
    const opsHandler = node.opsApp.callback()
    const ops = await listen(opsHandler, { host: '127.0.0.1', port: 0, onExpectContinue: opsHandler })
    await node.start()
    return this.stack.use(describeNode({ name, host, folder, node, listener, door, ops }))
  }

  async close(): Promise<void> {
    await this.stack.close()
  }

  private async newFolder(host: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-mesh-'))
    this.stack.defer(() => rm(folder, { recursive: true, force: true }))
    await Promise.all([createKeys(folder, host), placeSqlite(join(folder, DATABASE))])
    return folder
  }

  private settings(host: string, folder: string): ConfigInput {
    return {
      publicUrl: `${this.authority === undefined ? 'http' : 'https'}://${host}`,
      database: { client: 'sqlite', file: join(folder, DATABASE) },
      storage: { folder: join(folder, 'spaces'), fsync: 'never' },
      network: {
        allow: ['127.0.0.0/8'],
        insecureHttp: this.authority === undefined,
        hosts: this.hosts,
        ...(this.authority === undefined ? {} : { extraCaFile: this.authority.caFile }),
      },
      transfers: { retryBaseSeconds: 0.05 },
      log: { level: 'silent' },
    }
  }
}

interface Parts {
  name: string
  host: string
  folder: string
  node: CausewayNode
  listener: Listener
  /** Where the people of the tests come in. */
  door: Listener
  ops: Listener
}

function describeNode({ name, host, folder, node, listener, door, ops }: Parts): TestNode {
  const origin = `http://127.0.0.1:${door.port}`
  let closing: Promise<void> | undefined
  const close = async () => {
    node.beginStop()
    await Promise.all([listener.close(), ops.close()])
    await node.close()
  }
  return {
    name,
    host,
    origin,
    opsOrigin: ops.url,
    node,
    folder,
    addUser: async (user) => {
      const password = `${user}-password`
      await node.accounts.addUser({ name: user, password, displayName: user.toUpperCase() })
      return new TestUser({ name: user, password, origin, host })
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
