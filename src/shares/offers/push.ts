import { InboxRefusedError } from '../../ocm/mesh-inbox.ts'
import type { CopyReport, OcmNotification } from '../../ocm/notification.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import { BadRequestError, NotFoundError } from '../../platform/errors.ts'
import type { StorePath } from '../../store/types.ts'
import { listContacts } from '../contacts-repo.ts'
import type { ShareContext } from '../context.ts'
import { type Changes, endGiven, publishChanges } from '../end-shares.ts'
import { holdRow } from '../held-rows-repo.ts'
import { findGivenTo } from '../notice-subject.ts'
import { findOutgoing, listOutgoingByIds } from '../outgoing-repo.ts'
import { createShare, getShare } from '../outgoing-shares.ts'
import type { OutgoingShare } from '../types.ts'
import { findPush, listPushes, saveReport } from './pushes-repo.ts'
import type { Push } from './types.ts'

const MAX_LISTED = 1_000

export interface NewPush {
  path: StorePath
  /** `user@host` or the name of a user here; or the id of a contact. */
  to: { shareWith: string } | { contactId: string }
  note: string
  label: string | undefined
  isOnce: boolean
  expiresAtMs: number | undefined
}

/** A share with what it asks of its recipient. */
export interface PushedShare {
  share: OutgoingShare
  push: Push
}

/**
 * Offers a file or folder to somebody, to be copied to their node: a share to read that says so. Whose server knows
 * no offers gets the share alone. Throws what sharing throws.
 */
export async function pushData(ctx: ShareContext, userId: string, wish: NewPush): Promise<PushedShare> {
  const { path, note, label, isOnce, expiresAtMs } = wish
  const shareWith =
    'shareWith' in wish.to ? wish.to.shareWith : await addressOf(ctx, userId, wish.to.contactId)
  const asked = { path, shareWith, role: 'viewer', note, expiresAtMs, push: { label, isOnce } } as const
  const share = await createShare(ctx, userId, asked)
  return await withPush(ctx, share)
}

async function addressOf(ctx: ShareContext, userId: string, contactId: string): Promise<string> {
  const contact = (await listContacts(ctx.db, userId)).find(({ id }) => id === contactId)
  if (contact === undefined)
    throw new BadRequestError('There is no such contact.', { code: 'CONTACT_UNKNOWN' })
  return `${contact.remoteUserId}@${contact.host}`
}

/** What a user pushed, the newest first. */
export async function listPushedShares(ctx: ShareContext, userId: string): Promise<PushedShare[]> {
  const pushes = await listPushes(ctx.db, userId, MAX_LISTED)
  const ids = pushes.map(({ shareId }) => shareId)
  const shares = new Map((await listOutgoingByIds(ctx.db, ids)).map((share) => [share.id, share]))
  return pushes.flatMap((push) => {
    const share = shares.get(push.shareId)
    return share === undefined ? [] : [{ share, push }]
  })
}

/** One of them, by the id of its share; throws `NotFoundError`. */
export async function getPushedShare(ctx: ShareContext, userId: string, id: string): Promise<PushedShare> {
  return await withPush(ctx, await getShare(ctx, userId, id))
}

async function withPush(ctx: ShareContext, share: OutgoingShare): Promise<PushedShare> {
  const push = await findPush(ctx.db, share.id)
  if (push === undefined) throw new NotFoundError('You have pushed nothing by that id.')
  return { share, push }
}

/** `DATA_TRANSFER`: how far the copy is at the other node. Of shares that ask for none it changes nothing. */
export async function heardOfCopy(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<undefined> {
  const share = await findGivenTo(ctx, notice, peerHost)
  if (share === undefined) throw new InboxRefusedError('share-unknown')
  const { copy } = notice
  if (copy === undefined) return
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, (tx) => takeReport(ctx, tx, { shareId: share.id, report: copy }, changes))
  publishChanges(ctx, changes)
}

/** Writes a report down; a share that was to be copied once ends with its verified copy. */
export async function takeReport(
  ctx: ShareContext,
  tx: Db,
  { shareId, report }: { shareId: string; report: CopyReport },
  changes: Changes,
): Promise<void> {
  await holdRow(tx, { givenId: shareId })
  const push = await findPush(tx, shareId)
  if (push === undefined || !(await saveReport(tx, shareId, report, ctx.clock.nowMs()))) return
  const share = await findOutgoing(tx, shareId)
  if (share !== undefined) changes.given.push(share)
  const isDone = report.status === 'copied' && report.isVerified === true
  if (isDone && push.isOnce) await endGiven(ctx, tx, shareId, changes)
}
