import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { DisposalStack } from '../../src/platform/disposal.ts'
import { type RunningNode, startNode } from '../peers/causeway.ts'
import { callApi } from '../peers/mesh.ts'
import type { Bench, Case } from '../types.ts'

const CONTENT = Buffer.alloc(1024, 'x')
/** Requests of one order. */
const ORDER_FILES = 5000

/**
 * A node that is killed with many requests open: from its start to the first byte of the first file, its own
 * start included.
 */
export const transferRecovery: Case = {
  name: 'transfer-recovery',
  group: 'transfers',
  title: ({ openRequests }) =>
    `killed and started with ${openRequests.toLocaleString('en')} open requests, until the first byte`,
  unit: 's',
  compares: [],
  open: async ({ folder, stack, sizes }: Bench) => {
    const source = await SlowSource.start(stack)
    const env = { CAUSEWAY_NETWORK__ALLOW: '["127.0.0.0/8"]', CAUSEWAY_NETWORK__INSECURE_HTTP: 'true' }
    const node = await startNode(folder, stack, {
      ...{ name: 'causeway', label: 'Causeway', hostName: '127.0.0.1', env },
    })
    for (let from = 0; from < sizes.openRequests; from += ORDER_FILES)
      await order(node, source, { from, count: Math.min(ORDER_FILES, sizes.openRequests - from) })
    return [{ name: 'causeway', label: 'Causeway', measure: () => measure(node, source) }]
  },
}

async function measure(node: RunningNode, source: SlowSource): Promise<number> {
  while (source.waiting === 0) await delay(10)
  await node.kill()
  source.dropAll()
  const asked = source.nextAsked()
  const started = performance.now()
  const restarted = node.restart()
  const seconds = ((await asked) - started) / 1000
  await restarted
  return seconds
}

async function order(
  node: RunningNode,
  source: SlowSource,
  { from, count }: { from: number; count: number },
): Promise<void> {
  const items = Array.from({ length: count }, (_, n) => ({
    source: { url: `${source.origin}/${from + n}` },
    destination: { path: `/copies/${from + n}` },
  }))
  await callApi(node, 'POST', '/transfers', { items })
}

/** Has every file that is asked for, and gives nothing but the first byte of any: no request ever ends. */
class SlowSource {
  private readonly server: Server
  private readonly waiters: ((atMs: number) => void)[] = []
  /** Who waits for the rest of a file. */
  waiting = 0

  private constructor() {
    this.server = createServer((request, answer) => {
      // A plain web server: nothing but HEAD and GET.
      if (request.method === 'PROPFIND') return void answer.writeHead(405, { allow: 'GET, HEAD' }).end()
      answer.writeHead(200, { 'content-length': CONTENT.length, etag: '"1"', 'accept-ranges': 'bytes' })
      if (request.method !== 'GET') return void answer.end()
      this.waiting++
      request.socket.once('close', () => this.waiting--)
      answer.write(CONTENT.subarray(0, 1))
      for (const tell of this.waiters.splice(0)) tell(performance.now())
    })
  }

  static async start(stack: DisposalStack): Promise<SlowSource> {
    const source = new SlowSource()
    source.server.listen(0, '127.0.0.1')
    await once(source.server, 'listening')
    stack.defer(() => source.close())
    return source
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** When the first byte was given that is given from now on. */
  nextAsked(): Promise<number> {
    return new Promise((resolve) => this.waiters.push(resolve))
  }

  /** Ends all connections. */
  dropAll(): void {
    this.server.closeAllConnections()
  }

  private async close(): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    this.dropAll()
    await closed
  }
}
