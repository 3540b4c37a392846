import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { LinkRole } from '../types.ts'

/** What a share has more when it is a link. */
export interface LinkRow {
  shareId: string
  tokenSealed: string
  passwordHash: string | undefined
  downloads: number
}

interface Row {
  share_id: string
  token_hash: string
  token_sealed: string
  password_hash: string | null
  downloads: number
}

function toLink(row: Row): LinkRow {
  return {
    shareId: row.share_id,
    tokenSealed: row.token_sealed,
    passwordHash: row.password_hash ?? undefined,
    downloads: Number(row.downloads),
  }
}

/** Beside the share itself, in one transaction with it. */
export async function insertLink(db: Db, link: Omit<LinkRow, 'downloads'> & { tokenHash: string }) {
  await db<Row>('share_links').insert({
    share_id: link.shareId,
    token_hash: link.tokenHash,
    token_sealed: link.tokenSealed,
    password_hash: link.passwordHash ?? null,
    downloads: 0,
  })
}

/** The link whose token has this hash; every request of a visitor asks this. */
export async function findLinkByToken(db: Db, tokenHash: string): Promise<LinkRow | undefined> {
  const [row] = await readRows<Row>(db, 'select * from share_links where token_hash = ?', [tokenHash])
  return row && toLink(row)
}

/** Links by the ids of their shares, in one query. */
export async function listLinks(db: Db, shareIds: readonly string[]): Promise<LinkRow[]> {
  if (shareIds.length === 0) return []
  return (await db<Row>('share_links').whereIn('share_id', shareIds)).map(toLink)
}

export async function setLinkPassword(db: Db, shareId: string, hash: string | null): Promise<void> {
  await db('share_links').where({ share_id: shareId }).update({ password_hash: hash })
}

export async function countDownload(db: Db, shareId: string): Promise<void> {
  await db('share_links').where({ share_id: shareId }).increment('downloads', 1)
}

/** What may change of the share itself. */
export interface LinkFacts {
  role?: LinkRole
  label?: string
  note?: string
  expiresAtMs?: number | null
}

/** Of the link, and of all shares that were made from it: what it allows is the most they allow. */
export async function changeLinkFacts(db: Db, shareId: string, facts: LinkFacts): Promise<void> {
  const { role, label, note, expiresAtMs } = facts
  const common = expiresAtMs === undefined ? {} : { expires_at_ms: expiresAtMs }
  const own = {
    ...common,
    ...(role === undefined ? {} : { role }),
    ...(label === undefined ? {} : { recipient_name: label }),
    ...(note === undefined ? {} : { note }),
  }
  if (Object.keys(own).length > 0) await db('shares').where({ id: shareId }).update(own)
  const passedOn = { ...common, ...(role === 'viewer' ? { role } : {}) }
  const offered = db('link_offers').select('share_id').where({ link_id: shareId })
  if (Object.keys(passedOn).length > 0) await db('shares').whereIn('id', offered).update(passedOn)
}

/** Remembers that a share was made from a link: it ends with that. */
export async function insertOffer(db: Db, linkId: string, shareId: string): Promise<void> {
  await db('link_offers').insert({ share_id: shareId, link_id: linkId }).onConflict('share_id').ignore()
}

/** The shares that were made from a link. */
export async function listOffers(db: Db, linkId: string): Promise<string[]> {
  const rows: { share_id: string }[] = await db('link_offers').where({ link_id: linkId })
  return rows.map((row) => row.share_id)
}
