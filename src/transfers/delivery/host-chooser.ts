import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import type { FetchTask } from '../executors/executor.ts'
import type { Run } from '../run.ts'
import { chooseHost, type HostChoice, type HostFacts } from './choose-host.ts'
import { type HostRow, listHosts } from './hosts-repo.ts'

const HOSTS_FRESH_MS = 1000
/** While every hand is full. */
const FULL_WAIT_MS = 200

export interface HostChooserDeps {
  db: Db
  clock: Clock
  events: EventBus
  random(): number
  leaseMs: number
  localSizeLimit: number
  localSlots: number
}

/** Who is there to move bytes, this process included, and how much each of them has in hand. */
export class HostChooser {
  private readonly deps: HostChooserDeps
  private readonly running = new Map<string, number>()
  private localRunning = 0
  private hosts: { atMs: number; rows: HostRow[] } = { atMs: Number.NEGATIVE_INFINITY, rows: [] }

  constructor(deps: HostChooserDeps) {
    this.deps = deps
    deps.events.subscribe('deliveryReport', () => {
      this.hosts.atMs = Number.NEGATIVE_INFINITY
    })
  }

  /** Who moves this file; waits while every hand is full. A host chosen counts as having one more. */
  async choose(
    run: Run,
    task: FetchTask,
    failed: ReadonlySet<string>,
  ): Promise<Exclude<HostChoice, { kind: 'wait' }>> {
    for (;;) {
      const choice = this.chooseAmong(await this.listHosts(), task, failed)
      if (choice.kind === 'host') this.countRunning(choice.host.id, 1)
      if (choice.kind !== 'wait') return choice
      run.file.executorWhy = `stream: ${choice.why}`
      await this.deps.clock.wait(FULL_WAIT_MS, task.signal).catch(() => undefined)
      task.signal.throwIfAborted()
    }
  }

  countRunning(hostId: string, change: 1 | -1): void {
    this.running.set(hostId, (this.running.get(hostId) ?? 0) + change)
  }

  /** Work that this process does itself takes one of its slots. */
  async here<T>(work: () => Promise<T>): Promise<T> {
    this.localRunning++
    try {
      return await work()
    } finally {
      this.localRunning--
    }
  }

  /** Nothing is awaited from here until the choice is counted: two files would take the same slot. */
  private chooseAmong(hosts: HostFacts[], task: FetchTask, failed: ReadonlySet<string>): HostChoice {
    const { localSizeLimit, localSlots, random } = this.deps
    return chooseHost({
      sizeBytes: task.expected.sizeBytes,
      isRemote: task.source.remote !== undefined,
      isLimited: (task.throttles ?? []).length > 0,
      stagedPath: task.stagedPath,
      localSizeLimit,
      hosts,
      failed,
      isLocalFree: this.localRunning < localSlots,
      random: random(),
    })
  }

  private async listHosts(): Promise<HostFacts[]> {
    const { db, clock, leaseMs } = this.deps
    const nowMs = clock.nowMs()
    if (nowMs - this.hosts.atMs > HOSTS_FRESH_MS || nowMs < this.hosts.atMs)
      this.hosts = { atMs: nowMs, rows: await listHosts(db) }
    return this.hosts.rows.map((row) => ({
      id: row.id,
      name: row.name,
      executors: JSON.parse(row.executors) as string[],
      prefixes: JSON.parse(row.prefixes) as string[],
      slots: row.slots,
      running: this.running.get(row.id) ?? 0,
      isAlive: row.session !== null && row.seen_at_ms !== null && row.seen_at_ms > nowMs - leaseMs,
      isDraining: row.is_draining === 1,
    }))
  }
}
