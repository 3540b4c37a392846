import { compareKeys, hasPart, toSortName } from '../sort-name.ts'
import type { Entry, EntryPage, FileStore, PageKey, PageQuery, StorePath } from '../types.ts'

/** One page of a folder: by the store's own means where it has them, otherwise sorted here. */
export async function pageOf(store: FileStore, path: StorePath, query: PageQuery): Promise<EntryPage> {
  return (await store.page?.(path, query)) ?? pageOfEntries(await store.list(path), query)
}

/** The same of entries that are at hand. */
export function pageOfEntries(entries: readonly Entry[], query: PageQuery): EntryPage {
  const { match, except, after, limit } = query
  const hidden = new Set(except)
  const chosen = entries.filter(
    ({ name }) => !hidden.has(name) && (match === undefined || hasPart(name, match)),
  )
  const keyed = chosen.map((entry) => ({ entry, key: sortKeyOf(pageKeyOf(entry, query)) }))
  const compare = comparator(query)
  keyed.sort((a, b) => compare(a.key, b.key))
  const afterKey = after && sortKeyOf(after)
  const start = afterKey === undefined ? 0 : keyed.findIndex(({ key }) => compare(key, afterKey) > 0)
  const rest = start < 0 ? [] : keyed.slice(start, start + limit + 1)
  return {
    entries: rest.slice(0, limit).map(({ entry }) => entry),
    hasMore: rest.length > limit,
    ...(query.withTotal === true && { total: chosen.length }),
  }
}

/** The place of an entry in this order, from which the next page goes on. */
export function pageKeyOf(entry: Entry, { sort }: Pick<PageQuery, 'sort'>): PageKey {
  const { kind, name } = entry
  if (sort === 'name') return { kind, name }
  return { kind, name, value: sort === 'size' ? entry.sizeBytes : entry.mtimeMs }
}

/** Puts pages of the same order together. */
export function mergePages(
  pages: readonly EntryPage[],
  { sort, order, limit, withTotal }: PageQuery,
): EntryPage {
  const all = pages.flatMap((page) => page.entries)
  const { entries, hasMore } = pageOfEntries(all, { sort, order, limit })
  const totals = pages.map(({ total }) => total ?? 0)
  return {
    entries,
    hasMore: hasMore || pages.some((page) => page.hasMore),
    ...(withTotal === true && { total: totals.reduce((sum, total) => sum + total, 0) }),
  }
}

interface SortKey extends PageKey {
  sortName: string
}

function sortKeyOf(key: PageKey): SortKey {
  return { ...key, sortName: toSortName(key.name) }
}

/** Folders first, whatever the direction. */
function comparator({ order }: Pick<PageQuery, 'order'>): (a: SortKey, b: SortKey) => number {
  const sign = order === 'asc' ? 1 : -1
  return (a, b) => {
    if (a.kind !== b.kind) return a.kind === 'folder' ? -1 : 1
    const values = (a.value ?? 0) - (b.value ?? 0)
    return sign * (values || compareKeys(a.sortName, b.sortName) || compareKeys(a.name, b.name))
  }
}
