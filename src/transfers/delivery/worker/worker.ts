import { availableParallelism, loadavg } from 'node:os'
import type { Clock } from '../../../platform/clock.ts'
import type { Logger } from '../../../platform/log.ts'
import type { Outbound } from '../../../platform/outbound.ts'
import { programVersion } from '../../../platform/version.ts'
import { DELIVERY_PROTOCOL, type DeliveryClient, type Lease, type Welcome } from '../wire.ts'
import { type LeaseProgress, moveFile } from './move-file.ts'
import type { SharedFolder } from './path-map.ts'
import { Patience } from './patience.ts'
import { isFinalRefusal, isLeaseLost } from './refused.ts'
import { faultOf, isOurs, LeaseEnded, stopped } from './worker-faults.ts'

const TAKE_WAIT_SECONDS = 20
const MAX_BEAT_MS = 1000

export interface WorkerOptions {
  client: DeliveryClient
  /** By the network rules of the node. */
  openOutbound(network: Welcome['network']): Outbound
  folders: readonly SharedFolder[]
  slots: number
  clock: Clock
  log: Logger
  /** Told once the node took it in. */
  onWelcome?(welcome: Welcome): void
  version?: string
}

interface Running {
  lease: Lease
  progress: LeaseProgress
  abort: AbortController
  done: Promise<void>
}

/**
 * The program of a further host: takes files from its node, moves their bytes, tells how far it is, and
 * drops at once what the node says is not its own any more. It knows no users, drives or queues.
 */
export class DeliveryWorker {
  private readonly options: WorkerOptions
  private readonly running = new Map<string, Running>()
  private freed = new AbortController()
  private welcome: Welcome | undefined
  private outbound: Outbound | undefined
  private heardAtMs = 0
  private readonly patience: Patience

  constructor(options: WorkerOptions) {
    this.options = options
    this.patience = new Patience(options)
  }

  /** Works until the signal aborts; throws `DeliveryRefusedError` when the node wants no more of it. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = new AbortController()
    const all = AbortSignal.any([signal, ending.signal])
    try {
      await this.announce(all)
      if (signal.aborted) return
      await Promise.all(
        [this.takeAll(all), this.beatAll(all)].map((loop) =>
          loop.catch((error) => {
            ending.abort()
            throw error
          }),
        ),
      )
    } finally {
      ending.abort()
      await this.giveBackAll()
      await this.outbound?.close()
    }
  }

  private get session(): string {
    return this.welcome?.session ?? ''
  }

  private get leaseMs(): number {
    return (this.welcome?.leaseSeconds ?? 30) * 1000
  }

  private async announce(signal: AbortSignal): Promise<void> {
    const { client, folders, slots, version, openOutbound, onWelcome, clock, log } = this.options
    const announcement = {
      protocol: DELIVERY_PROTOCOL,
      version: version ?? programVersion(),
      executors: ['stream'],
      prefixes: folders.map(({ node }) => node),
      slots,
      load: loadNow(),
    }
    const welcome = await this.patience.insist('announce', signal, () => client.announce(announcement))
    if (welcome === undefined) return
    this.welcome = welcome
    this.outbound = openOutbound(welcome.network)
    this.heardAtMs = clock.nowMs()
    log.info({ worker: welcome.name, slots, folders: announcement.prefixes }, 'delivery worker began')
    onWelcome?.(welcome)
  }

  private async takeAll(signal: AbortSignal): Promise<void> {
    const { client, slots } = this.options
    while (!signal.aborted) {
      const free = slots - this.running.size
      if (free <= 0) {
        await this.untilFree(signal)
        continue
      }
      // A slot that gets free makes the order a larger one; what is on its way then is not lost.
      const order = { session: this.session, free, waitSeconds: TAKE_WAIT_SECONDS, load: loadNow() }
      const leases = await this.patience.insist('take', signal, () => client.take(order, signal))
      for (const lease of leases ?? []) this.begin(lease)
    }
  }

  private async beatAll(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.options
    const { leaseMs } = this
    while (!signal.aborted) {
      await clock.wait(Math.min(MAX_BEAT_MS, leaseMs / 4), signal).catch(() => undefined)
      if (signal.aborted) return
      const leases = [...this.running.values()].map(({ lease, progress }) => ({ id: lease.id, ...progress }))
      try {
        const { ends } = await client.heartbeat({ session: this.session, load: loadNow(), leases })
        this.heardAtMs = clock.nowMs()
        for (const { id, reason } of ends) this.running.get(id)?.abort.abort(new LeaseEnded(reason))
      } catch (error) {
        if (isFinalRefusal(error)) throw error
        // Not heard for so long, everything it had is others'.
        if (clock.nowMs() - this.heardAtMs > leaseMs) this.endAll('lost')
      }
    }
  }

  private begin(lease: Lease): void {
    const abort = new AbortController()
    const progress = { bytesDone: lease.resumeFromBytes, validator: lease.expected.validator }
    const running: Running = { lease, progress, abort, done: Promise.resolve() }
    this.running.set(lease.id, running)
    running.done = this.work(running)
      .catch((error) => this.options.log.error({ err: error }, 'delivery could not be reported'))
      .finally(() => {
        this.running.delete(lease.id)
        this.freed.abort()
      })
  }

  private async work({ lease, progress, abort }: Running): Promise<void> {
    const { client, folders } = this.options
    const { session } = this
    try {
      const deps = { client, session, folders, outbound: this.outbound as Outbound }
      const report = await moveFile(deps, lease, progress, abort.signal)
      await this.patience.tell(this.leaseMs, () => client.finished(lease.id, { session, ...report }))
    } catch (error) {
      const reason = abort.signal.reason instanceof LeaseEnded ? abort.signal.reason.reason : undefined
      if (reason === 'lost' || isLeaseLost(error)) return
      const fault = reason === 'stop' ? stopped() : faultOf(error, progress.bytesDone > lease.resumeFromBytes)
      const isOfWorker = reason === 'stop' || fault.location === 'ERROR_DESTINATION' || isOurs(error)
      const { validator } = progress
      await this.patience.tell(this.leaseMs, () =>
        client.failed(lease.id, { session, fault, isOfWorker, validator }),
      )
    }
  }

  private async untilFree(signal: AbortSignal): Promise<void> {
    this.freed = new AbortController()
    if (this.running.size < this.options.slots) return
    await this.options.clock
      .wait(MAX_BEAT_MS, AbortSignal.any([signal, this.freed.signal]))
      .catch(() => undefined)
  }

  private endAll(reason: 'lost' | 'stop'): void {
    for (const { abort } of this.running.values()) abort.abort(new LeaseEnded(reason))
  }

  /** In order: the node hears of each what stands, so that another one goes on from there at once. */
  private async giveBackAll(): Promise<void> {
    this.endAll('stop')
    await Promise.all([...this.running.values()].map(({ done }) => done))
  }
}

function loadNow(): number {
  return Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100
}
