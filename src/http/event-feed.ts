import type { Clock } from '../platform/clock.ts'
import type { EventBus, EventName, NodeEvents } from '../platform/events.ts'
import { newId } from '../platform/ids.ts'

/** For whom an event is, and what they are told. */
interface Told {
  userId: string
  data: unknown
  /** Of what there may be many: at most two in a second, and never without the last one. */
  pacedBy?: string
}

type Forwarded = { readonly [N in EventName]?: (event: NodeEvents[N]) => Told }

/** The events that people hear of; one line each. */
const FORWARDED: Forwarded = {
  transfer: ({ userId, jobId, snapshot }) => ({ userId, data: snapshot, pacedBy: jobId }),
  share: toldAsIs,
  contact: toldAsIs,
  notification: toldAsIs,
  activity: toldAsIs,
  drive: toldAsIs,
}

function toldAsIs({ userId, ...data }: { userId: string }): Told {
  return { userId, data }
}

/** An event as it goes to its reader; `id` says which process numbered it. */
export interface FeedEvent {
  id: string
  userId: string
  name: string
  data: unknown
}

type Reader = (event: FeedEvent) => void

const PACE_MS = 500
/** What a reader who comes back may have missed. */
const KEPT_EVENTS = 2_000

/**
 * What happens, numbered, with the last of it kept for readers who lost their connection. Each process of a
 * node numbers for itself: one that is asked for a number of another says that it does not know.
 */
export class EventFeed {
  private readonly process = newId()
  private readonly kept: FeedEvent[] = []
  private readonly readers = new Map<string, Set<Reader>>()
  private readonly paced = new Map<string, Told | undefined>()
  private readonly clock: Clock
  private readonly stopping: AbortSignal
  private number = 0

  constructor({ events, clock, stopping }: { events: EventBus; clock: Clock; stopping: AbortSignal }) {
    this.clock = clock
    this.stopping = stopping
    for (const name of Object.keys(FORWARDED) as EventName[])
      events.subscribe(name, (event) => this.take(name, (FORWARDED[name] as (event: unknown) => Told)(event)))
    events.subscribe('gap', () => this.tellGap())
  }

  /** The id of the last event; what comes after it is news. */
  get lastId(): string {
    return this.idOf(this.number)
  }

  /** What a user was told after this id; undefined when nobody here knows. */
  since(id: string, userId: string): FeedEvent[] | undefined {
    const [process, text = ''] = id.split('.')
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    const oldest = this.number - this.kept.length
    if (process !== this.process || !(number >= oldest && number <= this.number)) return undefined
    return this.kept.slice(number - oldest).filter((event) => event.userId === userId)
  }

  /** Returns the function that ends the reading. */
  read(userId: string, reader: Reader): () => void {
    const all = this.readers.get(userId) ?? new Set()
    this.readers.set(userId, all.add(reader))
    return () => {
      all.delete(reader)
      if (all.size === 0 && this.readers.get(userId) === all) this.readers.delete(userId)
    }
  }

  private idOf(number: number): string {
    return `${this.process}.${number}`
  }

  private take(name: string, told: Told): void {
    const { pacedBy } = told
    const key = `${name} ${pacedBy}`
    if (pacedBy !== undefined && this.paced.has(key)) {
      this.paced.set(key, told)
      return
    }
    this.tell(name, told)
    if (pacedBy === undefined) return
    this.paced.set(key, undefined)
    void this.pace(name, key)
  }

  /** Until nothing came for a while: the newest of what came meanwhile. */
  private async pace(name: string, key: string): Promise<void> {
    for (;;) {
      const isOver = await this.clock.wait(PACE_MS, this.stopping).then(
        () => false,
        () => true,
      )
      const newest = this.paced.get(key)
      if (newest !== undefined) this.tell(name, newest)
      if (newest === undefined || isOver) {
        this.paced.delete(key)
        return
      }
      this.paced.set(key, undefined)
    }
  }

  private tell(name: string, { userId, data }: Told): void {
    this.number += 1
    const event = { id: this.idOf(this.number), userId, name, data }
    this.kept.push(event)
    if (this.kept.length > KEPT_EVENTS) this.kept.shift()
    for (const reader of this.readers.get(userId) ?? []) reader(event)
  }

  /** Something of another process is lost: what is kept is not all there was. */
  private tellGap(): void {
    this.number += 1
    this.kept.length = 0
    const id = this.lastId
    for (const [userId, readers] of this.readers)
      for (const reader of readers) reader({ id, userId, name: 'gap', data: {} })
  }
}
