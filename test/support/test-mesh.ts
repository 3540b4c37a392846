import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigInput, configSchema } from '../../src/config/schema.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { type CausewayNode, createNode } from '../../src/node.ts'
import { createKeys, readKeys } from '../../src/node-keys.ts'
import { DisposalStack } from '../../src/platform/disposal.ts'
import { expectContinue } from '../../src/webdav/index.ts'
import { TestUser } from './test-user.ts'

/** A whole node in this process, as `causeway serve` runs it, on a free port of loopback. */
export interface TestNode {
  name: string
  /** Host of the node's OCM addresses: `leiden.test:<port>`. */
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

  static async create(
    names: readonly string[],
    settings: Partial<ConfigInput> = {},
  ): Promise<TestMesh & { nodes: TestNode[] }> {
    const mesh = new TestMesh()
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
    let handler: RequestListener = () => undefined
    let onContinue: RequestListener = () => undefined
    const listener = await listen((req, res) => handler(req, res), {
      host: '127.0.0.1',
      port: earlier?.port ?? 0,
      onExpectContinue: (req, res) => onContinue(req, res),
    })
    const host = `${name}.test:${listener.port}`
    const folder = earlier?.folder ?? (await this.newFolder(host))
    const config = configSchema.parse({ ...this.settings(host, folder), ...settings })
    const node = await createNode({ config }, await readKeys(folder))
    handler = node.app.callback()
    onContinue = expectContinue(node.mounts, handler)
    node.app.on('error', () => undefined)
    const opsHandler = node.opsApp.callback()
    const ops = await listen(opsHandler, { host: '127.0.0.1', port: 0, onExpectContinue: opsHandler })
    await node.start()
    return this.stack.use(describeNode({ name, host, folder, node, listener, ops }))
  }

  async close(): Promise<void> {
    await this.stack.close()
  }

  private async newFolder(host: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-mesh-'))
    this.stack.defer(() => rm(folder, { recursive: true, force: true }))
    await createKeys(folder, host)
    return folder
  }

  private settings(host: string, folder: string): ConfigInput {
    return {
      publicUrl: `http://${host}`,
      database: { client: 'sqlite', file: join(folder, 'causeway.db') },
      storage: { folder: join(folder, 'spaces'), fsync: 'never' },
      network: { allow: ['127.0.0.0/8'], insecureHttp: true, hosts: this.hosts },
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
  ops: Listener
}

function describeNode({ name, host, folder, node, listener, ops }: Parts): TestNode {
  const origin = `http://127.0.0.1:${listener.port}`
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
