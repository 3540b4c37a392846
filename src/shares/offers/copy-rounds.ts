import type { CopyReport } from '../../ocm/notification.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import { AppError } from '../../platform/errors.ts'
import type { ShareContext } from '../context.ts'
import { type Changes, publishChanges } from '../end-shares.ts'
import { findGroupShare } from '../groups/group-shares-repo.ts'
import { holdRow } from '../held-rows-repo.ts'
import { secretOf } from '../receive-share.ts'
import { findReceived } from '../received-repo.ts'
import { publishReceived } from '../share-events.ts'
import { stateAt } from '../share-states.ts'
import type { ReceivedShare } from '../types.ts'
import { findCopyOfJob, listUnderWay, moveCopy } from './copies-repo.ts'
import { type CopyChange, endOf, reportOf, withdrawn } from './copy-ends.ts'
import { takeReport } from './push.ts'
import type { Copy, DataCopier } from './types.ts'

const BATCH = 200

/** Hands copies to transfers, follows them, and tells the other node how they end. */
export class CopyRounds {
  private readonly ctx: ShareContext
  private readonly copier: () => DataCopier

  constructor(ctx: ShareContext, copier: () => DataCopier) {
    this.ctx = ctx
    this.copier = copier
  }

  /** One look at all that is under way; what a node that died left lying is gone on with. */
  async run(): Promise<void> {
    for (const copy of await listUnderWay(this.ctx.db, BATCH)) {
      await this.moveOn(copy).catch((err: unknown) => {
        this.ctx.log.error({ err, copyId: copy.id }, 'copy of a share not followed')
      })
    }
  }

  /** Hands a copy to transfers, once; what they refuse for good is its end. */
  async order(copy: Copy): Promise<void> {
    const share = await this.shareOf(copy)
    if (share === undefined) return this.end(copy, undefined, withdrawn())
    const { userId, destination, receivedId } = copy
    const label = `${share.name} of ${share.sender.displayName}`
    try {
      const order = { key: `copy:${copy.id}`, shareId: receivedId, destination, label }
      const jobId = await this.copier().order(userId, order)
      await this.move(copy, share, { state: 'copying', jobId })
    } catch (error) {
      const isFinal = error instanceof AppError && error.status < 500
      if (!isFinal) throw error
      await this.end(copy, share, { state: 'failed', code: error.code, reason: error.message })
    }
  }

  /** A job has ended, perhaps after its user tried it again. */
  async jobEnded(jobId: string): Promise<void> {
    const copy = await findCopyOfJob(this.ctx.db, jobId)
    if (copy !== undefined && copy.state !== 'copied') await this.follow(copy, await this.shareOf(copy))
  }

  private async moveOn(copy: Copy): Promise<void> {
    if (copy.state === 'ordered') return this.order(copy)
    const share = await this.shareOf(copy)
    if (share !== undefined) return this.follow(copy, share)
    if (copy.jobId !== undefined) await this.copier().cancel(copy.userId, copy.jobId)
    await this.end(copy, undefined, withdrawn())
  }

  private async follow(copy: Copy, share: ReceivedShare | undefined): Promise<void> {
    const progress = await this.copier().find(copy.userId, copy.jobId ?? '')
    if (progress?.state === 'copying' || progress?.state === copy.state) return
    // The transfer may find the share gone before anybody ends it, and has other words for that.
    const isWithdrawn = share === undefined && progress?.state === 'failed'
    await this.end(copy, share, isWithdrawn ? withdrawn() : endOf(progress))
  }

  /** The share while it may be used. */
  private async shareOf({ userId, receivedId }: Copy): Promise<ReceivedShare | undefined> {
    const share = await findReceived(this.ctx.db, userId, receivedId)
    const isOpen = share !== undefined && stateAt(share, this.ctx.clock.nowMs()) === 'accepted'
    return isOpen ? share : undefined
  }

  private async end(copy: Copy, share: ReceivedShare | undefined, change: CopyChange): Promise<void> {
    const told = share ?? (await findReceived(this.ctx.db, copy.userId, copy.receivedId))
    if (told !== undefined) await this.move(copy, told, change)
  }

  /** The copy and the message about it, or within this node the report itself, stand together. */
  private async move(copy: Copy, share: ReceivedShare, change: CopyChange): Promise<void> {
    const { db, clock } = this.ctx
    const report = reportOf(change)
    const changes: Changes = { given: [], received: [] }
    const isMoved = await inTransaction(db, async (tx) => {
      // The report may end the share: that comes before its copies (`holdRow`).
      if (share.source === 'local') await holdRow(tx, { givenId: share.providerId })
      await holdRow(tx, { receivedId: share.id })
      const to = { jobId: copy.jobId, ...change, updatedAtMs: clock.nowMs() }
      if (!(await moveCopy(tx, { id: copy.id, from: copy.state }, to))) return false
      if (report !== undefined) await this.report(tx, { share, report }, changes)
      return true
    })
    if (!isMoved) return
    publishReceived(this.ctx, share)
    publishChanges(this.ctx, changes)
  }

  private async report(
    tx: Db,
    { share, report }: { share: ReceivedShare; report: CopyReport },
    changes: Changes,
  ): Promise<void> {
    if (share.source === 'remote') await this.tell(tx, share, report)
    else await takeReport(this.ctx, tx, { shareId: share.providerId, report }, changes)
  }

  /** Only who offered the data asked for it; and of a group its members take copies of their own. */
  private async tell(tx: Db, share: ReceivedShare, copy: CopyReport): Promise<void> {
    if (share.dataOffer === undefined || (await findGroupShare(tx, share)) !== undefined) return
    const sharedSecret = secretOf(this.ctx, share)
    await this.ctx.messages.enqueue(tx, {
      ...{ userId: share.userId, side: 'received', subjectId: share.id, peerHost: share.peerHost },
      content: {
        notification: {
          ...{ type: 'DATA_TRANSFER', resourceType: share.kind, providerId: share.providerId, copy },
          ...(sharedSecret === '' ? {} : { sharedSecret }),
        },
      },
    })
  }
}
