import { type Db, inTransaction } from '../../platform/db.ts'
import { ConflictError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { formatPath, parsePath } from '../../store/paths.ts'
import type { FileStore, StorePath } from '../../store/types.ts'
import type { ShareContext } from '../context.ts'
import { holdRow } from '../held-rows-repo.ts'
import { acceptUnmounted, getReceivedShare } from '../received-shares.ts'
import { nextState } from '../share-states.ts'
import type { ReceivedShare } from '../types.ts'
import { insertCopy, isUnderWay, listCopiesOf, listUnaskedOffers } from './copies-repo.ts'
import { findFreePlace, placeOfCopy, requireFree, requireRoom } from './copy-place.ts'
import type { CopyRounds } from './copy-rounds.ts'
import type { Copy } from './types.ts'

const BATCH = 20

export interface TakeDeps {
  ctx: ShareContext
  /** A user's drive: the own files and what is mounted. */
  driveOf(userId: string): Promise<FileStore>
  rounds: CopyRounds
}

export interface CopyWish {
  copyTo: string
  /** What is there already is replaced where it differs; otherwise it is a conflict. */
  overwrite: boolean
}

/**
 * Accepts a share by copying it: a transfer is ordered and nothing mounted. Of a share that was accepted before, one
 * more copy, as after a failure; to the place of an earlier one it goes on from what is there. Throws `ConflictError`
 * while one is under way or something else is there, and `InsufficientStorageError`.
 */
export async function takeCopy(
  deps: TakeDeps,
  userId: string,
  id: string,
  wish: CopyWish,
): Promise<ReceivedShare> {
  const { ctx } = deps
  const share = await getReceivedShare(ctx, userId, id)
  nextState(share.state, 'accept')
  const destination = placeOfCopy(wish.copyTo, share)
  const before = await listCopiesOf(ctx.db, [id])
  const isAgain = before.some((copy) => formatPath(copy.destination) === formatPath(destination))
  const drive = await deps.driveOf(userId)
  if (!wish.overwrite && !isAgain) await requireFree(drive, destination)
  if (!isAgain) await requireRoom(await ctx.spaces.spaceOf(userId), share)
  const copy = newCopy(ctx, share, destination)
  await accept(ctx, share, copy)
  await deps.rounds.order(copy)
  return await getReceivedShare(ctx, userId, id)
}

function newCopy({ clock }: ShareContext, share: ReceivedShare, destination: StorePath): Copy {
  const nothing = { jobId: undefined, files: undefined, sizeBytes: undefined, isVerified: undefined }
  const times = { createdAtMs: clock.nowMs(), updatedAtMs: clock.nowMs() }
  return {
    ...{ id: newId(), receivedId: share.id, userId: share.userId, destination, state: 'ordered' },
    ...{ ...nothing, code: undefined, reason: undefined, ...times },
  }
}

/** The answer and the copy stand together: a node that dies in between has both or none. */
async function accept(ctx: ShareContext, share: ReceivedShare, copy: Copy): Promise<void> {
  const store = async (tx: Db) => {
    await holdRow(tx, { receivedId: share.id })
    if ((await listCopiesOf(tx, [share.id])).some(isUnderWay)) throw underWay(share)
    await insertCopy(tx, copy)
  }
  if (share.state === 'accepted') await inTransaction(ctx.db, store)
  else await acceptUnmounted(ctx, share, store)
}

function underWay({ name }: ReceivedShare): ConflictError {
  return new ConflictError(`${name} is being copied already. Wait for that copy, or cancel its transfer.`, {
    code: 'COPY_UNDER_WAY',
  })
}

/** Takes the offers of contacts that a user takes unasked; what there is no room for waits for the user. */
export async function takeUnasked(deps: TakeDeps): Promise<void> {
  const { ctx } = deps
  for (const { userId, receivedId, folder } of await listUnaskedOffers(ctx.db, BATCH)) {
    try {
      const share = await getReceivedShare(ctx, userId, receivedId)
      const place = await findFreePlace(await deps.driveOf(userId), parsePath(folder), share)
      await takeCopy(deps, userId, receivedId, { copyTo: formatPath(place), overwrite: false })
    } catch (error) {
      await leaveToUser(ctx, { userId, receivedId, folder }, error)
    }
  }
}

/** Noted as a copy that was refused: so it is tried once, and its user sees why. */
async function leaveToUser(
  ctx: ShareContext,
  { userId, receivedId, folder }: { userId: string; receivedId: string; folder: string },
  error: unknown,
): Promise<void> {
  ctx.log.info({ receivedId, err: error }, 'offer of data not taken')
  const { code = 'INTERNAL', message = '' } = error as { code?: string; message?: string }
  const share = await getReceivedShare(ctx, userId, receivedId).catch(() => undefined)
  if (share === undefined || (await listCopiesOf(ctx.db, [receivedId])).length > 0) return
  const copy = newCopy(ctx, share, parsePath(folder))
  await insertCopy(ctx.db, { ...copy, state: 'refused', code, reason: message })
}
