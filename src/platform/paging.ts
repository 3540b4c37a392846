import { z } from 'zod'
import { BadRequestError } from './errors.ts'

/** What every list takes that goes on in further pages. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(100_000).optional(),
}

/** `{ items, nextCursor? }`, the form of every list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().optional().describe('Where the next page begins; left out on the last one.'),
  })
}

/** Where a page begins, and how much of it is wanted. */
export interface PageAsk {
  limit: number
  /** The place of the last item before, in the columns that order the list. */
  after?: Place | undefined
}

export type Place = readonly (string | number)[]

/** One item more than the page holds is read, to know whether there is another page. */
export function toPageAsk(
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  columns = 2,
): PageAsk {
  return { limit: limit + 1, ...(cursor === undefined ? {} : { after: fromCursor(cursor, columns) }) }
}

/** A page of what was read by `toPageAsk`. */
export function toPage<T>(found: readonly T[], limit: number, placeOf: (item: T) => Place) {
  const last = found[limit - 1]
  const isMore = found.length > limit && last !== undefined
  return { items: found.slice(0, limit), ...(isMore ? { nextCursor: toCursor(placeOf(last)) } : {}) }
}

/** A page of a list that is in memory as a whole and short by nature; `keyOf` names an item, in ascending order. */
export function toSlice<T>(
  all: readonly T[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  keyOf: (item: T) => string,
) {
  const sorted = all.map((item) => ({ item, key: keyOf(item) })).sort((a, b) => (a.key < b.key ? -1 : 1))
  const after = cursor === undefined ? undefined : String(fromCursor(cursor, 1)[0])
  const rest = after === undefined ? sorted : sorted.filter(({ key }) => key > after)
  const page = toPage(rest, limit, ({ key }) => [key])
  return { ...page, items: page.items.map(({ item }) => item) }
}

/** Packs the place where a page ended. Opaque to clients. */
export function toCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Unpacks a cursor; throws `BadRequestError` for one that is of another list, or none of ours. */
export function fromCursor(text: string, columns: number): Place {
  const place = parse(text)
  if (place.length !== columns || !place.every(isStorable)) {
    throw new BadRequestError('The cursor is not one of ours; leave it out to begin at the first page.', {
      code: 'INVALID_CURSOR',
    })
  }
  return place as Place
}

/** What a column could hold: PostgreSQL refuses larger numbers, and NUL and half characters in texts. */
function isStorable(value: unknown): boolean {
  return typeof value === 'string'
    ? !value.includes('\0') && value.isWellFormed()
    : Number.isSafeInteger(value)
}

function parse(text: string): unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(place) ? place : []
  } catch {
    return []
  }
}
