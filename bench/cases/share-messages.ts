import { setTimeout as delay } from 'node:timers/promises'
import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import type { RunningNode } from '../peers/causeway.ts'
import { callApi, type Mesh, startMesh } from '../peers/mesh.ts'
import { type Bench, type Case, type Contestant, USER } from '../types.ts'

/** Orders that are under way at the same time. */
const CONCURRENCY = 8
/** Longest that messages may take to arrive when nothing else is ordered. */
const PATIENCE_MS = 60_000
/** Otherwise it would be our own limit for what one peer may send that is measured. */
const NO_LIMIT = { CAUSEWAY_OCM__MESSAGES_PER_MINUTE: '0' }

/** Shares from node to node, message by message: signed, delivered, verified, stored, and answered. */
export const shareMessages: Case = {
  name: 'share-messages',
  group: 'shares',
  title: ({ shares }) => `${shares.toLocaleString('en')} shares to another node, ${CONCURRENCY} at a time`,
  unit: 'shares/s',
  compares: [],
  isList: true,
  async open({ folder, stack, sizes }: Bench) {
    const mesh = await startMesh(folder, stack, NO_LIMIT)
    return [creator(mesh, sizes.shares), acceptor(mesh, sizes.shares)]
  },
}

/** Until the other node has said that it took them. */
function creator(mesh: Mesh, count: number): Contestant {
  const batch = new Batch(mesh, count, 'created')
  return {
    name: 'created',
    label: 'created and delivered',
    pid: mesh.from.pid,
    async measure(round) {
      await batch.seed(round)
      return await perSecond(count, () => batch.create())
    },
    tidy: (round) => batch.end(round),
  }
}

/** Until the other node, whose shares they are, has been told all. */
function acceptor(mesh: Mesh, count: number): Contestant {
  const batch = new Batch(mesh, count, 'accepted')
  return {
    name: 'accepted',
    label: 'accepted, and the sender told',
    pid: mesh.to.pid,
    async measure(round) {
      await batch.seed(round)
      await batch.create()
      const received = await batch.listPending()
      const figure = await perSecond(count, async () => {
        await inParallel(received, (id) => callApi(mesh.to, 'POST', `/received-shares/${id}/accept`, {}))
        await waitForMessages(mesh.to)
      })
      await batch.checkAccepted()
      return figure
    },
    tidy: (round) => batch.end(round),
  }
}

/** Files of one round, each shared by itself. */
class Batch {
  private readonly mesh: Mesh
  private readonly count: number
  private readonly name: string
  private paths: string[] = []
  private ids: string[] = []

  constructor(mesh: Mesh, count: number, name: string) {
    this.mesh = mesh
    this.count = count
    this.name = name
  }

  async seed(round: number): Promise<void> {
    const folder = `${this.name}-${round}`
    const url = await makeCollection(this.mesh.from, folder)
    const prefix = `${folder}-`
    await seedFiles(this.mesh.from, url, { prefix, count: this.count, sizeBytes: 16 })
    this.paths = Array.from({ length: this.count }, (_, index) => `/${folder}/${prefix}${index}`)
  }

  async create(): Promise<void> {
    const { from, to } = this.mesh
    this.ids = await inParallel(this.paths, async (path) => {
      const order = { path, shareWith: `${USER}@${to.host}`, role: 'viewer' }
      const share = await callApi<{ id: string; state: string }>(from, 'POST', '/shares', order)
      if (share.state !== 'pending') throw new Error(`the share of ${path} is ${share.state}, not delivered`)
      return share.id
    })
  }

  async listPending(): Promise<string[]> {
    const path = '/received-shares?state=pending'
    const { items } = await callApi<{ items: { id: string }[] }>(this.mesh.to, 'GET', path)
    if (items.length !== this.count) throw new Error(`${items.length} of ${this.count} shares arrived`)
    return items.map((item) => item.id)
  }

  async checkAccepted(): Promise<void> {
    await inParallel(this.ids, async (id) => {
      const { state } = await callApi<{ state: string }>(this.mesh.from, 'GET', `/shares/${id}`)
      if (state !== 'accepted') throw new Error(`the sender of share ${id} still holds it for ${state}`)
    })
  }

  /** Nothing of it is left on either side. */
  async end(round: number): Promise<void> {
    const { from } = this.mesh
    await inParallel(this.ids, (id) => callApi(from, 'DELETE', `/shares/${id}`))
    await waitForMessages(from)
    await remove(from, `${from.baseUrl}${this.name}-${round}/`)
  }
}

/** Until all that a node has to tell others has arrived. */
async function waitForMessages(node: RunningNode): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const { items } = await callApi<{ items: { lastError?: string }[] }>(node, 'GET', '/messages')
    if (items.length === 0) return
    if (performance.now() > deadline) {
      throw new Error(`${items.length} messages of ${node.label} did not arrive: ${items[0]?.lastError}`)
    }
    await delay(20)
  }
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index] as T)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return results
}

async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return count / ((performance.now() - started) / 1000)
}
