import type { Clock } from '../../platform/clock.ts'

/** Who moves the bytes: the destination fetches them, or the source sends them. */
export type Way = 'pull' | 'push'

const CAN_MS = 3_600_000
const CANNOT_MS = 600_000
const FAILURE_MS = 600_000
const MAX_KNOWN = 5_000

/** Something that is only worth knowing for a while. */
class Lately<T> {
  private readonly known = new Map<string, { value: T; untilMs: number }>()
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  set(key: string, value: T, forMs: number): void {
    this.known.delete(key)
    const [oldest] = this.known.keys()
    if (oldest !== undefined && this.known.size >= MAX_KNOWN) this.known.delete(oldest)
    this.known.set(key, { value, untilMs: this.clock.nowMs() + forMs })
  }

  find(key: string): T | undefined {
    const found = this.known.get(key)
    return found !== undefined && found.untilMs > this.clock.nowMs() ? found.value : undefined
  }

  forget(key: string): void {
    this.known.delete(key)
  }
}

/**
 * What was learnt of other servers, in this process and for a while: who copies by itself, which pairs of
 * servers do not get on, who tells checksums and who gives tokens. Wrong memories cost a detour, no more.
 */
export class CopierMemory {
  private readonly copiers: Lately<boolean>
  private readonly failures: Lately<string>
  private readonly digests: Lately<boolean>
  private readonly tokens: Lately<boolean>

  constructor(clock: Clock) {
    this.copiers = new Lately(clock)
    this.failures = new Lately(clock)
    this.digests = new Lately(clock)
    this.tokens = new Lately(clock)
  }

  /** Whether the server takes COPY with others; undefined: not known. */
  canCopy(origin: string): boolean | undefined {
    return this.copiers.find(origin)
  }

  learnCopy(origin: string, can: boolean): void {
    this.copiers.set(origin, can, can ? CAN_MS : CANNOT_MS)
  }

  /** Why a copy that way between two servers failed lately, in words. */
  failureOf(way: Way, source: string, destination: string): string | undefined {
    return this.failures.find(`${way} ${source} ${destination}`)
  }

  learnFailure(way: Way, source: string, destination: string, text: string): void {
    this.failures.set(`${way} ${source} ${destination}`, text, FAILURE_MS)
  }

  learnSuccess(way: Way, source: string, destination: string): void {
    this.failures.forget(`${way} ${source} ${destination}`)
  }

  /** Whether HEAD tells checksums there; undefined: not known. */
  tellsDigests(origin: string): boolean | undefined {
    return this.digests.find(origin)
  }

  learnDigests(origin: string, tells: boolean): void {
    this.digests.set(origin, tells, CAN_MS)
  }

  /** False: it was asked for a token of limited power and gave none. */
  givesTokens(origin: string): boolean | undefined {
    return this.tokens.find(origin)
  }

  learnTokens(origin: string, gives: boolean): void {
    this.tokens.set(origin, gives, gives ? CAN_MS : CANNOT_MS)
  }
}
