import type { Clock } from '../../platform/clock.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import type { Logger } from '../../platform/log.ts'
import type { Activities } from './activities.ts'
import { ActivitiesRepo, type DatedActivity } from './activities-repo.ts'
import type { DriveJournals } from './drive-events.ts'
import { GroupedEvents } from './grouped-events.ts'
import { type BehindDrive, MarksRepo } from './marks-repo.ts'

/** Numbers of a journal that are read at once. */
const STEP = 500
/** Of one drive in one round, and while somebody waits; the rest has time. */
const ROUND_STEPS = 40
const WAITING_STEPS = 4
const DRIVES = 1_000
const DAY_MS = 86_400_000

export interface FileFollowerDeps {
  db: Db
  clock: Clock
  events: EventBus
  activities: Pick<Activities, 'userAsActor'>
  drives: DriveJournals
  log: Logger
}

/**
 * Tells in the activity log what happened to files, from the journals of the drives: whoever writes a file writes
 * nothing for it. A mark for each drive says how far its journal was read; it is moved in the transaction that
 * writes the lines, so that nothing is told twice or lost, whoever crashes, and of several workers one tells.
 *
 * The journal knows neither times nor who it was: the time is that of the row (made, modified, deleted) where it
 * fits between the marks, and that of reading otherwise; the owner of the drive counts as the one who did it, for
 * what others did in a shared folder, too.
 */
export class FileFollower {
  private readonly deps: FileFollowerDeps
  private readonly marks: MarksRepo

  constructor(deps: FileFollowerDeps) {
    this.deps = deps
    this.marks = new MarksRepo(deps.db)
  }

  /** Of all drives; a failure with one is logged and holds up none of the others. */
  async followAll(signal?: AbortSignal): Promise<void> {
    for (const drive of await this.marks.listBehind(DRIVES)) {
      if (signal?.aborted === true) return
      await this.follow(drive, ROUND_STEPS).catch((err: unknown) => {
        this.deps.log.error({ err, spaceId: drive.spaceId }, 'reading the journal of a drive failed')
      })
    }
  }

  /** Of the drive of somebody who looks at the log now. */
  async followUser(userId: string): Promise<void> {
    for (const drive of await this.marks.listBehind(1, userId)) await this.follow(drive, WAITING_STEPS)
  }

  private async follow(drive: BehindDrive, steps: number): Promise<void> {
    let mark = await this.firstMark(drive)
    for (let step = 0; step < steps && mark !== undefined && mark.seq < drive.nowSeq; step++) {
      mark = await this.step(drive, mark)
    }
  }

  /**
   * What was there before anybody followed is not told. Migrations leave marks without a time; a drive without
   * any was made since then, and when that was lately, it is told from its beginning.
   */
  private async firstMark({ spaceId, createdAtMs, nowSeq, mark }: BehindDrive): Promise<Mark | undefined> {
    if (mark !== undefined && mark.atMs > 0) return mark
    const nowMs = this.deps.clock.nowMs()
    if (mark !== undefined) {
      await this.marks.advance(spaceId, mark.seq, { seq: nowSeq, atMs: nowMs })
      return undefined
    }
    const isNew = createdAtMs > nowMs - DAY_MS
    const first = isNew ? { seq: 0, atMs: createdAtMs } : { seq: nowSeq, atMs: nowMs }
    await this.marks.begin(spaceId, first)
    return first
  }

  /** The mark after it; undefined when somebody else is at it. */
  private async step(drive: BehindDrive, from: Mark): Promise<Mark | undefined> {
    const { db, clock, events, drives, activities } = this.deps
    const { spaceId, ownerUserId: userId, nowSeq } = drive
    const nowMs = clock.nowMs()
    const toSeq = Math.min(nowSeq, from.seq + STEP)
    const grouped = new GroupedEvents()
    const stretch = { fromSeq: from.seq, toSeq, sinceMs: from.atMs }
    for await (const event of drives.news(spaceId, stretch)) grouped.add(event)
    const actor = await activities.userAsActor(userId)
    const told = grouped.toNews().map((one): DatedActivity => {
      return { ...one, userId, actor, atMs: fitting(one.atMs, from.atMs, nowMs) }
    })
    // Until all is read nobody knows when the rest was.
    const to = { seq: toSeq, atMs: toSeq === nowSeq ? nowMs : from.atMs }
    const isMine = await inTransaction(db, async (tx) => {
      if (!(await new MarksRepo(tx).advance(spaceId, from.seq, to))) return false
      await new ActivitiesRepo(tx).insert(told)
      return true
    })
    if (isMine && told.length > 0) events.publish('activity', { userId })
    return isMine ? to : undefined
  }
}

interface Mark {
  seq: number
  atMs: number
}

/** Times of files can be anything: those that programs set are of no use. */
function fitting(atMs: number | undefined, sinceMs: number, nowMs: number): number {
  return atMs !== undefined && atMs >= sinceMs && atMs <= nowMs ? Math.floor(atMs) : nowMs
}
