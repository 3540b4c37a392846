import { type Db, inTransaction } from '../../platform/db.ts'
import { BadRequestError, NotFoundError } from '../../platform/errors.ts'
import { newSecret, sha256Hex } from '../../platform/ids.ts'
import type { StorePath } from '../../store/types.ts'
import { changeGiven, type Terms } from '../change-shares.ts'
import { getActor, type ShareContext } from '../context.ts'
import { type Changes, endGiven, publishChanges } from '../end-shares.ts'
import { getHeldLive, type HeldShare } from '../held-shares.ts'
import { insertGiven } from '../insert-given.ts'
import { findOutgoing, listDownstream, setRecipientName } from '../outgoing-repo.ts'
import { getShare, newShare } from '../outgoing-shares.ts'
import { publish } from '../share-events.ts'
import { checkPassOn, getShareable } from '../shareable.ts'
import type { LinkRole, OutgoingShare, ReceivedShare, ShareRecipient } from '../types.ts'
import { insertLink, listLinks, setLinkPassword } from './links-repo.ts'
import type { LinkChange, Passwords, PublicLink } from './types.ts'

export interface NewLink {
  path: StorePath
  role: LinkRole
  label: string
  note: string
  password: string | undefined
  expiresAtMs: number | undefined
}

const MIN_PASSWORD_LENGTH = 8
const MAX_PASSWORD_LENGTH = 1_000

/**
 * Opens an entry of the user's drive to whoever has the link; of a share that was given with the right to pass it
 * on, too, with no more than that has.
 */
export async function createLink(
  ctx: ShareContext,
  passwords: Passwords,
  userId: string,
  input: NewLink,
): Promise<OutgoingShare> {
  const owner = await getActor(ctx, userId)
  const { role, note, label, expiresAtMs } = input
  checkEnd(ctx, expiresAtMs)
  const subject = await getShareable(ctx, userId, input.path)
  checkRole(role, subject.kind)
  const passwordHash = input.password === undefined ? undefined : await hashOf(passwords, input.password)
  const recipient = { type: 'link', id: '', host: '', userId: undefined, displayName: label } as const
  const share: OutgoingShare = {
    ...newShare(ctx, owner, subject, recipient),
    ...limited(subject.upstream, { role, note, expiresAtMs, mayReshare: mayTake(role) }, recipient),
    // Nobody has to answer.
    state: 'accepted',
  }
  const token = newToken()
  const hidden = { tokenHash: sha256Hex(token), tokenSealed: ctx.seal.seal(token), passwordHash }
  await inTransaction(ctx.db, async (tx) => {
    await insertGiven(ctx, tx, share)
    await insertLink(tx, { shareId: share.id, ...hidden })
  })
  publish(ctx, share)
  return share
}

/**
 * Changes a link; who is inside has the new rights with the next request, and so have those who took it into
 * their own clouds. A new password ends what was taken: who did that never showed it.
 */
export async function changeLink(
  ctx: ShareContext,
  passwords: Passwords,
  ref: { userId: string; id: string },
  change: LinkChange,
): Promise<OutgoingShare> {
  const share = await getShare(ctx, ref.userId, ref.id)
  if (share.recipient.type !== 'link') throw new NotFoundError('This share is not a public link.')
  const { label, password } = change
  checkEnd(ctx, change.expiresAtMs ?? undefined)
  const hash = typeof password === 'string' ? await hashOf(passwords, password) : password
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, async (tx) => {
    const held = await getHeldLive(ctx, tx, share.id)
    const terms = changedTerms(held, change)
    if (hash !== undefined) await setLinkPassword(tx, share.id, hash)
    if (typeof hash === 'string') await endTaken(ctx, tx, share.id, changes)
    if (label !== undefined) await setRecipientName(tx, share.id, label)
    await changeGiven(ctx, tx, { share: held.share, terms }, changes)
  })
  publishChanges(ctx, changes)
  return (await findOutgoing(ctx.db, share.id)) ?? share
}

function changedTerms({ share, upstream }: HeldShare, change: LinkChange): Terms {
  const { role = share.role, note = share.note } = change
  checkRole(role, share.kind)
  const expiresAtMs = change.expiresAtMs === undefined ? share.expiresAtMs : (change.expiresAtMs ?? undefined)
  return limited(upstream, { role, note, expiresAtMs, mayReshare: mayTake(role) }, share.recipient)
}

/** Ends what visitors took into their own clouds. */
async function endTaken(ctx: ShareContext, tx: Db, linkId: string, changes: Changes): Promise<void> {
  for (const taken of await listDownstream(tx, { parentId: linkId })) {
    await endGiven(ctx, tx, taken.id, changes)
  }
}

/** Whether visitors may take it into their own clouds: what nobody may read, they may not. */
function mayTake(role: LinkRole): boolean {
  return role !== 'uploader'
}

function limited(
  upstream: ReceivedShare | undefined,
  terms: Terms & { role: LinkRole },
  recipient: ShareRecipient,
): Terms {
  return upstream === undefined ? terms : checkPassOn(upstream, terms, recipient)
}

/** What the shares that are links have more, by the id of the share. */
export async function linksOf(
  ctx: ShareContext,
  shares: readonly OutgoingShare[],
): Promise<ReadonlyMap<string, PublicLink>> {
  const links = shares.filter((share) => share.recipient.type === 'link')
  const rows = await listLinks(
    ctx.db,
    links.map((share) => share.id),
  )
  const pairs = links.flatMap((share) => {
    const row = rows.find(({ shareId }) => shareId === share.id)
    return row === undefined ? [] : [[share.id, { share, ...row }] as const]
  })
  return new Map(pairs)
}

/** Where the link leads; only its owner is told. */
export function urlOfLink({ seal, config }: Pick<ShareContext, 'seal' | 'config'>, link: PublicLink): string {
  return `${config.publicUrl}/s/${seal.open(link.tokenSealed)}`
}

/** Letters and digits, as all servers and all programs of mail take them: 142 random bits. */
function newToken(): string {
  const text = newSecret(60).replace(/[-_]/g, '').slice(0, 24)
  return text.length === 24 ? text : newToken()
}

async function hashOf(passwords: Passwords, password: string): Promise<string> {
  if (password.length >= MIN_PASSWORD_LENGTH && password.length <= MAX_PASSWORD_LENGTH) {
    return await passwords.hash(password)
  }
  throw new BadRequestError(`The password of a link needs at least ${MIN_PASSWORD_LENGTH} characters.`, {
    code: 'PASSWORD_TOO_SHORT',
    fields: [{ field: 'password', message: 'is too short' }],
  })
}

function checkRole(role: LinkRole, kind: OutgoingShare['kind']): void {
  if (role !== 'uploader' || kind === 'folder') return
  throw new BadRequestError('Only into a folder can files be brought; choose one.', { code: 'NOT_A_FOLDER' })
}

function checkEnd(ctx: ShareContext, expiresAtMs: number | undefined): void {
  if (expiresAtMs === undefined || expiresAtMs > ctx.clock.nowMs()) return
  throw new BadRequestError('The link would be over before it begins; choose a later end.')
}

/** Throws `NotFoundError` when the share is not a link. */
export async function getLink(ctx: ShareContext, share: OutgoingShare): Promise<PublicLink> {
  const link = (await linksOf(ctx, [share])).get(share.id)
  if (link === undefined) throw new NotFoundError('This share is not a link.')
  return link
}
