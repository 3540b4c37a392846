import { BadRequestError } from '../../platform/errors.ts'
import type { PageKey, PageQuery } from '../types.ts'

type Order = Pick<PageQuery, 'sort' | 'order'>

/** Where a page of a folder ended; opaque, and good for the same order only. */
export function toPageCursor({ sort, order }: Order, { kind, name, value }: PageKey): string {
  return pack([sort, order, kind, name, value ?? 0])
}

/** Throws `BadRequestError` for what is no cursor, or one of another order. */
export function fromPageCursor(text: string, { sort, order }: Order): PageKey {
  const [ofSort, ofOrder, kind, name, value, ...rest] = unpack(text)
  if (ofSort !== sort || ofOrder !== order || rest.length > 0) throw foreign()
  if ((kind !== 'file' && kind !== 'folder') || !isText(name) || !Number.isFinite(value)) throw foreign()
  return sort === 'name' ? { kind, name } : { kind, name, value: Math.trunc(value as number) }
}

/** Where a search stopped. */
export function toSearchCursor(after: readonly [string, string]): string {
  return pack(after)
}

/** Throws `BadRequestError` for what is no cursor. */
export function fromSearchCursor(text: string): [string, string] {
  const [sortName, id, ...rest] = unpack(text)
  if (!isText(sortName) || !isText(id) || rest.length > 0) throw foreign()
  return [sortName, id]
}

function pack(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

function unpack(text: string): unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(values) ? values : []
  } catch {
    return []
  }
}

/** What a column could hold: PostgreSQL takes neither NUL nor halves of characters. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed()
}

function foreign(): BadRequestError {
  return new BadRequestError('The cursor is not of this list; leave it out to begin at the first page.', {
    code: 'INVALID_CURSOR',
  })
}
