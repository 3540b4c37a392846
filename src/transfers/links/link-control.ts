import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import { type LinkLimits, toLinkLimits } from '../scheduling/link-limits.ts'
import { stepLink } from '../scheduling/link-optimizer.ts'
import { startLink } from '../scheduling/link-state.ts'
import { PresentLimit } from '../scheduling/present-limit.ts'
import { Throttle } from '../scheduling/throttle.ts'
import type { Fault } from '../transfer-error.ts'
import { Breakers } from './breakers.ts'
import { hostsOf } from './link-hosts.ts'
import { forgetUnusedLinks } from './link-memory.ts'
import { LinkMeter } from './link-meter.ts'
import { type LinkRecord, listLinks, saveLinkState } from './links-repo.ts'

export interface LinkControlDeps {
  db: Db
  clock: Clock
  log: Logger
  limits: Partial<LinkLimits>
  /** A limit for all transfers together, by time of day; empty is none. */
  bandwidth: string
  timeZone: string
}

/** What the optimizer has seen is stored at each change, and else so often. */
const SAVE_EVERY_MS = 60_000

/** What operators see of a link. */
export interface LinkFacts extends LinkRecord {
  running: number
  queued: number
  decision: number
}

/**
 * Decides how many files travel over each link at a time, and how fast: what the operator set, what the
 * optimizer found out, and whether the hosts answer at all.
 */
export class LinkControl {
  readonly breakers: Breakers
  private readonly deps: LinkControlDeps
  private readonly meters = new Map<string, LinkMeter>()
  private readonly throttles = new Map<string, Throttle>()
  private readonly total: Throttle
  private records = new Map<string, LinkRecord>()
  private readonly savedAtMs = new Map<string, number>()
  /** By the text of their tables. */
  private readonly limits = new Map<string, PresentLimit>()

  constructor(deps: LinkControlDeps) {
    this.deps = deps
    this.breakers = new Breakers(deps.clock)
    this.total = new Throttle({ clock: deps.clock, bytesPerSecond: this.limitNow(deps.bandwidth) })
  }

  /** Reads what is stored: at the start, and when somebody changed a link. */
  async reload(): Promise<void> {
    const stored = await listLinks(this.deps.db)
    this.records = new Map(stored.map((record) => [record.link, this.withNewerState(record)]))
    this.setThrottles()
  }

  /** What this process has seen since it was stored counts more. */
  private withNewerState(stored: LinkRecord): LinkRecord {
    const known = this.records.get(stored.link)
    if (known?.state === undefined) return stored
    if ((stored.decidedAtMs ?? 0) > (known.decidedAtMs ?? 0)) return stored
    return { ...stored, state: known.state, rationale: known.rationale, decidedAtMs: known.decidedAtMs }
  }

  /** How many more files may start on the link while so many run. */
  roomOf(link: string, running: number): number {
    if (hostsOf(link).length === 0) return Infinity
    const record = this.records.get(link)
    return record?.isPaused === true ? 0 : Math.max(0, this.decisionOf(link) - running)
  }

  decisionOf(link: string): number {
    return this.records.get(link)?.state?.decision ?? this.limitsOf(link).start
  }

  started(link: string): void {
    this.meterOf(link).started(this.deps.clock.nowMs())
    this.breakers.started(link)
  }

  ended(link: string): void {
    this.meterOf(link).ended(this.deps.clock.nowMs())
  }

  moved(link: string, bytes: number): void {
    this.meterOf(link).moved(bytes)
    this.breakers.answered(link)
  }

  succeeded(link: string, sizeBytes: number): void {
    this.meterOf(link).succeeded(sizeBytes)
    this.breakers.answered(link)
  }

  failed(link: string, fault: Fault, bytesMoved: boolean): void {
    if (fault.temporary && fault.type !== 'LOCAL_FILE_ERROR') this.meterOf(link).failedBecauseOfLink()
    this.breakers.failed(link, fault, bytesMoved)
  }

  /** How many files wait for each link, as far as they were counted. */
  noteQueued(queued: ReadonlyMap<string, number>): void {
    for (const [link, meter] of this.meters) meter.queued = queued.get(link) ?? 0
  }

  /** Those that the bytes of a link have to pass; none where nothing is limited. */
  throttlesOf(link: string): Throttle[] {
    const own = this.throttles.get(link)
    return [this.total, ...(own === undefined ? [] : [own])].filter(
      (throttle) => throttle.bytesPerSecond !== undefined,
    )
  }

  /** Looks at all links whose interval is over; to be called now and then. */
  async evaluate(): Promise<void> {
    this.setThrottles()
    for (const [link, meter] of this.meters) {
      const limits = this.limitsOf(link)
      const sample = meter.sample(this.deps.clock.nowMs(), limits.intervalMs)
      if (sample === undefined) continue
      const isThrottled = this.throttlesOf(link).some((throttle) => throttle.isBinding)
      await this.decide(link, { ...sample, isThrottled })
      if (meter.running === 0 && meter.queued === 0) this.meters.delete(link)
    }
  }

  /** Forgets links and hosts that nobody uses any more; to be called now and then. */
  async tidy(): Promise<void> {
    this.breakers.tidy()
    await forgetUnusedLinks(this.deps.db, this.deps.clock)
    await this.reload()
    for (const known of [this.savedAtMs, this.throttles])
      for (const link of known.keys())
        if (!this.records.has(link) && !this.meters.has(link)) known.delete(link)
    this.limits.clear()
  }

  facts(): LinkFacts[] {
    const links = new Set([...this.records.keys(), ...this.meters.keys()])
    return [...links].sort().map((link) => this.factsOf(link))
  }

  factsOf(link: string): LinkFacts {
    return {
      ...(this.records.get(link) ?? emptyRecord(link)),
      running: this.meters.get(link)?.running ?? 0,
      queued: this.meters.get(link)?.queued ?? 0,
      decision: this.decisionOf(link),
    }
  }

  private async decide(link: string, sample: Parameters<typeof stepLink>[1]): Promise<void> {
    if (hostsOf(link).length === 0) return
    const record = this.records.get(link) ?? emptyRecord(link)
    const limits = this.limitsOf(link)
    const before = record.state ?? startLink(limits.start, sample.nowMs - limits.intervalMs)
    const { state, rationale } = stepLink(before, sample, limits)
    this.records.set(link, { ...record, state, rationale, decidedAtMs: sample.nowMs })
    if (state.decision !== before.decision) {
      this.deps.log.info({ link, from: before.decision, to: state.decision, rationale }, 'link adapted')
    }
    const isOld = sample.nowMs - (this.savedAtMs.get(link) ?? 0) >= SAVE_EVERY_MS
    if (state.decision === before.decision && record.state !== undefined && !isOld) return
    this.savedAtMs.set(link, sample.nowMs)
    await saveLinkState(this.deps.db, link, state, sample.nowMs)
  }

  private limitsOf(link: string): LinkLimits {
    const record = this.records.get(link)
    return toLinkLimits({
      ...this.deps.limits,
      ...(record?.minActive == null ? {} : { min: record.minActive }),
      ...(record?.maxActive == null ? {} : { max: record.maxActive }),
    })
  }

  private setThrottles(): void {
    this.total.setLimit(this.limitNow(this.deps.bandwidth))
    for (const { link, bandwidth } of this.records.values()) {
      const bytesPerSecond = this.limitNow(bandwidth ?? '')
      const known = this.throttles.get(link)
      if (known !== undefined) known.setLimit(bytesPerSecond)
      else if (bytesPerSecond !== undefined)
        this.throttles.set(link, new Throttle({ clock: this.deps.clock, bytesPerSecond }))
    }
  }

  private limitNow(table: string): number | undefined {
    const known = this.limits.get(table) ?? new PresentLimit(table, this.deps.timeZone)
    this.limits.set(table, known)
    return known.at(this.deps.clock.nowMs())
  }

  private meterOf(link: string): LinkMeter {
    const known = this.meters.get(link) ?? new LinkMeter(this.deps.clock.nowMs())
    this.meters.set(link, known)
    return known
  }
}

function emptyRecord(link: string): LinkRecord {
  return {
    link,
    minActive: null,
    maxActive: null,
    bandwidth: null,
    isPaused: false,
    pauseReason: null,
    state: undefined,
    rationale: '',
    decidedAtMs: null,
  }
}
