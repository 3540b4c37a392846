import { Readable } from 'node:stream'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { Uploader } from '../../platform/outbound-upload.ts'
import type { DavAnswer, DavCall } from '../call.ts'
import { checkDestination, checkReachable, checkRoomFor, getSource } from './checks.ts'
import { failureText } from './failure.ts'
import { type FarFacts, probe } from './far-end.ts'
import { report } from './markers.ts'
import type { CopyMetrics, CopyResult } from './metrics.ts'
import { type Order, parseOrder } from './order.ts'
import { pull, type Task } from './pull.ts'
import { push } from './push.ts'
import { type SlotLimits, Slots } from './slots.ts'

/** What third-party copies need of the node. */
export interface ThirdPartyDeps {
  outbound: Outbound
  upload: Uploader
  clock: Clock
  log: Logger
  metrics: CopyMetrics
  limits: SlotLimits
  /** Names of headers, besides Authorization, that `TransferHeader…` may hand on. */
  headers: readonly string[]
  /** The node is being stopped: what runs ends as `aborted`. */
  stopping: AbortSignal
}

/** How long the other server may take to say what it knows before the answer begins. */
const HEAD_MS = 5_000

const ANSWER_HEADERS = {
  'Content-Type': 'text/perf-marker-stream',
  'Cache-Control': 'no-store',
  // A marker that waits in a proxy is none.
  'X-Accel-Buffering': 'no',
}

/** COPY from and to other servers (WLCG HTTP-TPC). One of a process: it counts what runs. */
export class ThirdParty {
  private readonly deps: ThirdPartyDeps
  private readonly slots: Slots

  constructor(deps: ThirdPartyDeps) {
    this.deps = deps
    this.slots = new Slots(deps.limits)
  }

  /**
   * Answers a COPY that involves another server; undefined for one that does not. What can be known is
   * refused with a status; what accepts it is 202, and the end of the copy is the last line of the body.
   */
  async serve(call: DavCall): Promise<DavAnswer | undefined> {
    const order = parseOrder(call, this.deps.headers)
    if (order === undefined) return undefined
    const entry = order.direction === 'push' ? await getSource(call) : await checkDestination(call, order)
    await checkReachable(this.deps.outbound, order.url)
    const release = this.slots.take(call.session.userId)
    try {
      const task = this.begin(call, order)
      await this.checkFacts(task)
      const run = order.direction === 'pull' ? pull(task) : this.push(task, entry)
      const done = this.settle(task, run, release)
      const body = report(this.deps.clock, task.progress, done)
      return { status: 202, headers: ANSWER_HEADERS, body: Readable.from(body, { objectMode: false }) }
    } catch (error) {
      release()
      throw error
    }
  }

  private push(task: Task, entry: Awaited<ReturnType<typeof getSource>> | undefined): Promise<void> {
    if (entry === undefined) throw new TypeError('a push without its source')
    return push({ ...task, entry, upload: this.deps.upload })
  }

  private begin(call: DavCall, order: Order): Task {
    const { outbound, metrics, stopping } = this.deps
    const signal = AbortSignal.any([call.signal, stopping])
    const wantsDigest = order.requireChecksum !== false
    const file = { outbound, url: order.url, headers: order.headers, wantsDigest }
    const facts = probe(file, signal)
    facts.catch(() => undefined)
    const progress = { bytes: 0, remote: hostAndPort(order.url), connections: 1 }
    const onBytes = (count: number) => metrics.moved(order.direction, count)
    return { call, order, file, progress, facts, signal, onBytes }
  }

  /** A server that is slow to answer is waited for behind the 202, where markers are sent. */
  private async checkFacts({ call, order, facts }: Task): Promise<void> {
    const over = new AbortController()
    const late = this.deps.clock.wait(HEAD_MS, over.signal).then(nothing, nothing)
    const known = await Promise.race([facts.catch(nothing), late])
    over.abort()
    if (known !== undefined) await checkRoomFor(call, order, known as FarFacts)
  }

  /** The last line of the answer; never rejects. */
  private async settle(task: Task, run: Promise<void>, release: () => void): Promise<string> {
    const { metrics, clock } = this.deps
    const { direction } = task.order
    const startedMs = clock.nowMs()
    metrics.began(direction)
    const [result, text] = await this.outcome(task, run)
    release()
    metrics.ended(direction, result)
    this.write(task, { result, text, durationMs: clock.nowMs() - startedMs })
    return `${result}: ${text}`
  }

  private async outcome({ signal }: Task, run: Promise<void>): Promise<[CopyResult, string]> {
    try {
      await run
      return ['success', 'Created']
    } catch (error) {
      if (signal.aborted) return ['aborted', 'The copy was called off']
      const text = failureText(error)
      if (text === undefined) this.deps.log.error({ err: error }, 'third-party copy broke')
      return ['failure', text ?? 'Something failed inside this server; its log says what.']
    }
  }

  /** Never a header of the order, and of its address the host only: both may carry a secret. */
  private write({ call, order, progress }: Task, end: object): void {
    const { direction, url, sciTag, clientInfo, streams } = order
    const { bytes } = progress
    const about = {
      direction,
      remote: url.host,
      user: call.session.userId,
      bytes,
      streams,
      sciTag,
      clientInfo,
    }
    this.deps.log.info({ ...about, ...end }, 'third-party copy')
  }
}

function nothing(): undefined {}

function hostAndPort({ host, port, protocol }: URL): string {
  if (port !== '') return host
  return `${host}:${protocol === 'https:' ? 443 : 80}`
}
