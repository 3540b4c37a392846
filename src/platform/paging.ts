import { z } from 'zod'
import { BadRequestError } from './errors.ts'

/** What every list takes that goes on in further pages. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(100_000).optional(),
}
export const pageQuery = z.object(pageFields)

/** `{ items, nextCursor? }`, the form of every list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().optional().describe('Where the next page begins; left out on the last one.'),
  })
}

/** What a list is ordered by, column by column; the last one tells equal items apart. */
export type PageOrder = readonly { kind: 'number' | 'string'; isDescending?: true }[]

/** By a time and an id. */
export const NEWEST_FIRST: PageOrder = [{ kind: 'number', isDescending: true }, { kind: 'string' }]
export const BY_NAME: PageOrder = [{ kind: 'string' }]

/** The place of an item in its list: the values that order it. */
export type Place = readonly (string | number)[]

/** Where a page begins, and how much of it is wanted. */
export interface PageAsk {
  limit: number
  /** The place of the last item before. */
  after?: Place | undefined
}

interface PageInput {
  limit: number
  cursor?: string | undefined
}

/** One item more than the page holds is read, to know whether there is another page. */
export function toPageAsk({ limit, cursor }: PageInput, order: PageOrder): PageAsk {
  return { limit: limit + 1, ...(cursor === undefined ? {} : { after: fromCursor(cursor, order) }) }
}

/** A page of what was read by `toPageAsk`. */
export function toPage<T>(found: readonly T[], limit: number, placeOf: (item: T) => Place) {
  const last = found[limit - 1]
  const isMore = found.length > limit && last !== undefined
  return { items: found.slice(0, limit), ...(isMore ? { nextCursor: toCursor(placeOf(last)) } : {}) }
}

/** A page of a list that is in memory as a whole. */
export function toSlice<T>(
  all: readonly T[],
  input: PageInput,
  order: PageOrder,
  placeOf: (item: T) => Place,
) {
  const { after } = toPageAsk(input, order)
  const placed = all.map((item) => ({ item, place: placeOf(item) }))
  placed.sort((a, b) => compare(a.place, b.place, order))
  const rest = after === undefined ? placed : placed.filter(({ place }) => compare(place, after, order) > 0)
  const page = toPage(rest, input.limit, ({ place }) => place)
  return { ...page, items: page.items.map(({ item }) => item) }
}

interface Pageable<Row> extends PromiseLike<Row[]> {
  orderBy(columns: { column: string; order: 'asc' | 'desc' }[]): unknown
  limit(count: number): unknown
  whereRaw(sql: string, values: Place): unknown
}

/** Orders a query and cuts the page out of it (keyset: as fast on the last page as on the first). */
export function applyPage<Row>(
  built: unknown,
  columns: readonly string[],
  order: PageOrder,
  page: PageAsk | undefined,
): PromiseLike<Row[]> {
  // Not typed by what builds it: that costs the compiler minutes.
  const query = built as Pageable<Row>
  query.orderBy(
    columns.map((column, at) => ({ column, order: order[at]?.isDescending === true ? 'desc' : 'asc' })),
  )
  if (page === undefined) return query
  query.limit(page.limit)
  const { after } = page
  if (after === undefined) return query
  const tests = columns.map((column, at) => {
    const equal = columns.slice(0, at).map((before) => `${before} = ? and `)
    return `(${equal.join('')}${column} ${order[at]?.isDescending === true ? '<' : '>'} ?)`
  })
  const values = columns.flatMap((_, at) => after.slice(0, at + 1))
  query.whereRaw(`(${tests.join(' or ')})`, values)
  return query
}

/** Packs the place where a page ended. Opaque to clients. */
export function toCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Unpacks a cursor; throws `BadRequestError` for one that is of another list, or none of ours. */
export function fromCursor(text: string, order: PageOrder): Place {
  const place = parse(text)
  if (place.length !== order.length || !place.every((value, at) => isStorable(value, order[at]?.kind))) {
    throw new BadRequestError('The cursor is not one of ours; leave it out to begin at the first page.', {
      code: 'INVALID_CURSOR',
    })
  }
  return place as Place
}

/** What a column could hold: PostgreSQL refuses larger numbers, and NUL and half characters in texts. */
function isStorable(value: unknown, kind: 'number' | 'string' | undefined): boolean {
  if (kind === 'number') return Number.isSafeInteger(value)
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed()
}

function compare(one: Place, other: Place, order: PageOrder): number {
  for (const [at, { isDescending }] of order.entries()) {
    const a = one[at] ?? ''
    const b = other[at] ?? ''
    if (a !== b) return a < b === (isDescending === true) ? 1 : -1
  }
  return 0
}

function parse(text: string): unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(place) ? place : []
  } catch {
    return []
  }
}
