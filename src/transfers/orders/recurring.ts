import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { BadRequestError, ConflictError, messageOf, NotFoundError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { PageAsk } from '../../platform/paging.ts'
import { type EndpointResolver, placesOf } from '../endpoints.ts'
import { findJob } from '../job-repo.ts'
import { isJobOver } from '../job-state.ts'
import { nextRunMs, parseSchedule } from '../scheduling/schedule.ts'
import type { TransferJob, TransferOrder } from '../types.ts'
import type { Chore } from './keeper.ts'
import {
  claimDueRecurring,
  countRecurring,
  findNextRecurringMs,
  findRecurring,
  insertRecurring,
  listRecurring,
  noteRun,
  type RecurringOrder,
  removeRecurring,
  type ScheduleRule,
  saveRecurring,
} from './schedules-repo.ts'

const LEASE_MS = 120_000
const MAX_PER_USER = 1000
const MINUTE_MS = 60_000

export interface RecurringDeps {
  db: Db
  clock: Clock
  log: Logger
  endpoints: EndpointResolver
  /** Throws what `submit` would, and orders nothing. */
  check(userId: string, order: TransferOrder): Promise<void>
  submit(userId: string, order: TransferOrder): Promise<TransferJob>
  /** Something may be due earlier than before. */
  poke(): void
}

/** What a user may change of a recurring order. */
export interface RecurringChange {
  label?: string | undefined
  order?: TransferOrder | undefined
  rule?: ScheduleRule | undefined
  isEnabled?: boolean | undefined
}

/** Orders that come again: by the clock, or whenever their source has changed. */
export class RecurringOrders {
  private readonly deps: RecurringDeps

  constructor(deps: RecurringDeps) {
    this.deps = deps
  }

  /** Throws what submitting the order would throw, and 400 for a schedule that cannot be read. */
  async create(
    userId: string,
    wish: { label: string; order: TransferOrder; rule: ScheduleRule; isEnabled: boolean },
  ): Promise<RecurringOrder> {
    const { db, clock } = this.deps
    const nextMs = firstRunMs(wish.rule, clock.nowMs())
    await this.deps.check(userId, wish.order)
    if ((await countRecurring(db, userId)) >= MAX_PER_USER)
      throw new ConflictError(`You have ${MAX_PER_USER} schedules already. Remove one first.`)
    const recurring: RecurringOrder = {
      id: newId(),
      userId,
      ...wish,
      nextRunMs: wish.isEnabled ? nextMs : null,
      lastJobId: null,
      lastRunMs: null,
      lastError: null,
      seenEtag: null,
      createdAtMs: clock.nowMs(),
    }
    await insertRecurring(db, recurring)
    this.deps.poke()
    return recurring
  }

  list(userId: string, page?: PageAsk): Promise<RecurringOrder[]> {
    return listRecurring(this.deps.db, userId, page)
  }

  /** Throws `NotFoundError` when the user has no such schedule. */
  async get(userId: string, id: string): Promise<RecurringOrder> {
    const found = await findRecurring(this.deps.db, userId, id)
    if (found === undefined) throw new NotFoundError('There is no schedule of that id.')
    return found
  }

  async change(userId: string, id: string, wish: RecurringChange): Promise<RecurringOrder> {
    const before = await this.get(userId, id)
    const after = { ...before, ...dropUndefined(wish) }
    if (wish.order !== undefined) await this.deps.check(userId, wish.order)
    const firstMs = firstRunMs(after.rule, this.deps.clock.nowMs())
    const isSameRhythm = wish.rule === undefined && before.isEnabled && before.nextRunMs !== null
    after.nextRunMs = after.isEnabled ? (isSameRhythm ? before.nextRunMs : firstMs) : null
    if (wish.order !== undefined) after.seenEtag = null
    await saveRecurring(this.deps.db, after)
    this.deps.poke()
    return after
  }

  /** Jobs that it ordered stay. */
  async remove(userId: string, id: string): Promise<void> {
    await this.get(userId, id)
    await removeRecurring(this.deps.db, id)
  }

  /** Orders at once, whatever the schedule says. Throws `ConflictError` while its last job is under way. */
  async runNow(userId: string, id: string): Promise<TransferJob> {
    const recurring = await this.get(userId, id)
    if (await this.isUnderWay(recurring))
      throw new ConflictError(
        'The last transfer of this schedule is not over yet. Wait for it, or cancel it.',
      )
    const nowMs = this.deps.clock.nowMs()
    const job = await this.order(recurring, nowMs)
    await saveRecurring(this.deps.db, { ...recurring, lastJobId: job.id, lastRunMs: nowMs, lastError: null })
    return job
  }

  /** The chore that runs what is due. */
  chore(): Chore {
    const { db, clock } = this.deps
    return {
      name: 'schedules',
      run: async () => {
        const nowMs = clock.nowMs()
        const due = await claimDueRecurring(db, nowMs, nowMs + LEASE_MS)
        await Promise.all(due.map((recurring) => this.run(recurring)))
        return (await findNextRecurringMs(db)) ?? Infinity
      },
    }
  }

  private async run(recurring: RecurringOrder): Promise<void> {
    const { db, clock, log } = this.deps
    const { lastJobId, lastRunMs, seenEtag } = recurring
    const nextMs = followingRunMs(recurring, clock.nowMs())
    const run = {
      nextRunMs: nextMs ?? null,
      lastJobId,
      lastRunMs,
      seenEtag,
      lastError: null as string | null,
    }
    try {
      if (await this.isUnderWay(recurring)) {
        run.lastError = 'It was due while its last transfer was still under way, and was left out.'
      } else {
        const etag = await this.newEtag(recurring)
        if (etag !== recurring.seenEtag || etag === null) {
          const job = await this.order(recurring, recurring.nextRunMs ?? clock.nowMs())
          Object.assign(run, { lastJobId: job.id, lastRunMs: clock.nowMs(), seenEtag: etag })
        }
      }
    } catch (error) {
      log.info({ scheduleId: recurring.id, err: error }, 'scheduled transfer not ordered')
      run.lastError = messageOf(error)
    }
    await noteRun(db, recurring, run)
  }

  private async isUnderWay({ lastJobId }: RecurringOrder): Promise<boolean> {
    const job = lastJobId === null ? undefined : await findJob(this.deps.db, lastJobId)
    return job !== undefined && !isJobOver(job.state)
  }

  /** What the source is now; null for a schedule by the clock, and after a job that did not end well. */
  private async newEtag({ rule, order, userId, lastJobId }: RecurringOrder): Promise<string | null> {
    if ('at' in rule) return null
    const [place] = placesOf(order.source)
    if (place === undefined) return null
    const source = await this.deps.endpoints.resolveSource(userId, place)
    const { etag } = await source.store.stat(source.path)
    const last = lastJobId === null ? undefined : await findJob(this.deps.db, lastJobId)
    return last !== undefined && last.state !== 'FINISHED' ? `${etag} again` : etag
  }

  /** The key makes sure that a run that is repeated after a crash orders nothing twice. */
  private order({ id, userId, order, label }: RecurringOrder, dueMs: number): Promise<TransferJob> {
    const idempotencyKey = `schedule:${id}:${dueMs}`
    return this.deps.submit(userId, { label, ...order, scheduleId: id, idempotencyKey })
  }
}

function dropUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function firstRunMs(rule: ScheduleRule, nowMs: number): number {
  // A mirror begins with a first copy.
  if ('onChangeEveryMinutes' in rule) return nowMs
  const nextMs = nextRunMs(parseSchedule(rule.at, rule.timeZone), nowMs)
  if (nextMs === undefined) throw new BadRequestError(`"${rule.at}" never comes.`)
  return nextMs
}

/** After a run that was due: without drift, and once for all that were missed. */
function followingRunMs({ rule, nextRunMs: dueMs }: RecurringOrder, nowMs: number): number | undefined {
  if ('onChangeEveryMinutes' in rule) return nowMs + rule.onChangeEveryMinutes * MINUTE_MS
  const schedule = parseSchedule(rule.at, rule.timeZone)
  const nextMs = nextRunMs(schedule, dueMs ?? nowMs)
  return nextMs !== undefined && nextMs <= nowMs ? nextRunMs(schedule, nowMs) : nextMs
}
