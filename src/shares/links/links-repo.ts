import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'

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
