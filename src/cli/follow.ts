import { setTimeout as delay } from 'node:timers/promises'
import type { Transfer } from '../client/operations.ts'
import { systemClock } from '../platform/clock.ts'
import { type Api, openEvents } from './api.ts'
import { CliError, exitCodes } from './exit.ts'
import { isFinal } from './job-report.ts'
import { isTemporary } from './retry.ts'
import { parseEvents } from './sse.ts'

export interface FollowOptions {
  onUpdate: (job: Transfer) => void
  /** Told once for every time the node stops answering. */
  onSilence?: (error: Error) => void
  timeoutMs?: number | undefined
  signal: AbortSignal
  /** Between two questions while events flow, and while they do not. For tests. */
  pollMs?: { withEvents: number; without: number }
  /** How long a node may be unreachable, say for a restart, before we give up. */
  patienceMs?: number
}

const POLL_MS = { withEvents: 5_000, without: 1_000 }
const PATIENCE_MS = 120_000

/**
 * Follows a job to its end: events bring news at once, and now and then we ask, because events are a
 * convenience and may be lost. A node that restarts meanwhile is waited for. Throws exit code 124 when
 * the time is over.
 */
export async function followJob(api: Api, jobId: string, options: FollowOptions): Promise<Transfer> {
  const { timeoutMs, signal } = options
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const ended = new AbortController()
  const stop = AbortSignal.any([signal, ended.signal, ...(timeout === undefined ? [] : [timeout])])
  const follower = new Follower(api, jobId, options)
  const events = follower.listen(stop)
  try {
    return await follower.poll(stop)
  } catch (error) {
    if (timeout?.aborted && !signal.aborted) throw timedOut(jobId, timeoutMs ?? 0)
    throw error
  } finally {
    ended.abort()
    await events
  }
}

class Follower {
  private readonly api: Api
  private readonly jobId: string
  private readonly options: FollowOptions
  private listening = false
  private last: Transfer | undefined
  private nudge: AbortController = new AbortController()

  constructor(api: Api, jobId: string, options: FollowOptions) {
    this.api = api
    this.jobId = jobId
    this.options = options
  }

  /** Asks until the job is over; an event that ends it is confirmed by one more question. */
  async poll(stop: AbortSignal): Promise<Transfer> {
    const { patienceMs = PATIENCE_MS, onSilence, pollMs = POLL_MS } = this.options
    let silentSinceMs: number | undefined
    for (;;) {
      stop.throwIfAborted()
      try {
        const job = await this.api.getTransfer({ params: { id: this.jobId }, signal: stop })
        silentSinceMs = undefined
        this.update(job)
        if (isFinal(job.state)) return job
      } catch (error) {
        if (!isTemporary(error)) throw error
        if (silentSinceMs === undefined) onSilence?.(error as Error)
        silentSinceMs ??= systemClock.nowMs()
        if (systemClock.nowMs() - silentSinceMs > patienceMs) throw error
      }
      await this.pause(this.listening ? pollMs.withEvents : pollMs.without, stop)
    }
  }

  /** Reads events until told to stop; a broken stream is opened again after a second. */
  async listen(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const events = await openEvents(this.api.connection, stop)
        this.listening = true
        for await (const event of parseEvents(events)) if (event.event === 'transfer') this.take(event.data)
      } catch (error) {
        if (error instanceof CliError && error.status !== undefined && error.status < 500) return
      } finally {
        this.listening = false
      }
      await delay(1_000, undefined, { signal: stop }).catch(() => undefined)
    }
  }

  private take(data: string): void {
    let job: Transfer
    try {
      job = JSON.parse(data) as Transfer
    } catch {
      return
    }
    if (job.id !== this.jobId) return
    if (isFinal(job.state)) this.nudge.abort()
    else this.update(job)
  }

  private update(job: Transfer): void {
    if (JSON.stringify(job) === JSON.stringify(this.last)) return
    this.last = job
    this.options.onUpdate(job)
  }

  private async pause(ms: number, stop: AbortSignal): Promise<void> {
    await delay(ms, undefined, { signal: AbortSignal.any([stop, this.nudge.signal]) }).catch(() => undefined)
    if (this.nudge.signal.aborted) this.nudge = new AbortController()
  }
}

function timedOut(jobId: string, timeoutMs: number): CliError {
  return new CliError(
    `The transfer is not over after ${timeoutMs / 1000} s and goes on; look again with "causeway transfer wait ${jobId}".`,
    { code: 'TIMED_OUT', exitCode: exitCodes.timedOut },
  )
}
