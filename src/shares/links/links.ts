import { inTransaction } from '../../platform/db.ts'
import { BadRequestError, NotFoundError } from '../../platform/errors.ts'
import { newId, newSecret, sha256Hex } from '../../platform/ids.ts'
import type { StorePath } from '../../store/types.ts'
import { getActor, type ShareContext } from '../context.ts'
import { findOutgoing, insertOutgoing } from '../outgoing-repo.ts'
import { getShare, getShareable, revokeShare } from '../outgoing-shares.ts'
import { publish } from '../share-events.ts'
import type { LinkRole, OutgoingShare } from '../types.ts'
import { changeLinkFacts, insertLink, listLinks, listOffers, setLinkPassword } from './links-repo.ts'
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

/** Opens an entry of the user's own files to whoever has the link. */
export async function createLink(
  ctx: ShareContext,
  passwords: Passwords,
  userId: string,
  input: NewLink,
): Promise<OutgoingShare> {
  await getActor(ctx, userId)
  checkEnd(ctx, input.expiresAtMs)
  const entry = await getShareable(ctx, userId, input.path)
  checkRole(input.role, entry.kind)
  const share: OutgoingShare = {
    id: newId(),
    ownerUserId: userId,
    fileId: entry.id,
    name: entry.name,
    kind: entry.kind,
    role: input.role,
    recipient: { type: 'link', id: '', host: '', userId: undefined, displayName: input.label },
    secretHash: undefined,
    // Nobody has to answer.
    state: 'accepted',
    note: input.note,
    createdAtMs: ctx.clock.nowMs(),
    expiresAtMs: input.expiresAtMs,
  }
  const token = newToken()
  const link = {
    shareId: share.id,
    tokenHash: sha256Hex(token),
    tokenSealed: ctx.seal.seal(token),
    passwordHash: input.password === undefined ? undefined : await hashOf(passwords, input.password),
  }
  await inTransaction(ctx.db, async (tx) => {
    await insertOutgoing(tx, share)
    await insertLink(tx, link)
  })
  publish(ctx, share)
  return share
}

/** Changes a link; who is inside has the new rights with the next request. Throws `NotFoundError`. */
export async function changeLink(
  ctx: ShareContext,
  passwords: Passwords,
  ref: { userId: string; id: string },
  change: LinkChange,
): Promise<OutgoingShare> {
  const share = await getShare(ctx, ref.userId, ref.id)
  if (share.recipient.type !== 'link') throw new BadRequestError('Only public links can be changed so.')
  const { role, label, note, password, expiresAtMs } = change
  if (role !== undefined) checkRole(role, share.kind)
  checkEnd(ctx, expiresAtMs ?? undefined)
  const hash = typeof password === 'string' ? await hashOf(passwords, password) : password
  await inTransaction(ctx.db, async (tx) => {
    if (hash !== undefined) await setLinkPassword(tx, share.id, hash)
    await changeLinkFacts(tx, share.id, {
      ...(role === undefined ? {} : { role }),
      ...(label === undefined ? {} : { label }),
      ...(note === undefined ? {} : { note }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    })
  })
  // A drop folder is read by nobody, so those who took it into their own cloud lose it.
  if (role === 'uploader') await endOffers(ctx, share)
  publish(ctx, share)
  return (await findOutgoing(ctx.db, share.id)) ?? share
}

/** Ends what visitors took into their own clouds by this link; with the link itself it ends, too. */
export async function endOffers(ctx: ShareContext, link: OutgoingShare): Promise<void> {
  for (const id of await listOffers(ctx.db, link.id)) await revokeShare(ctx, link.ownerUserId, id)
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
