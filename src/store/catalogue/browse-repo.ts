import { setImmediate } from 'node:timers/promises'
import { type Db, isPostgres } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { SqlValue } from '../../platform/sqlite-reader.ts'
import { toSortName, toSortPattern } from '../sort-name.ts'
import type { EntryKind, PageQuery } from '../types.ts'
import { type FileColumns, toRow } from './file-columns.ts'
import type { BrowseIndex, FileRow, RowPage, SearchedRow, SearchQuery, SearchResult } from './file-index.ts'

const VALUE_COLUMNS = { name: [], size: ['size_bytes'], modified: ['mtime_ms'] } as const
const PAGE_KINDS: readonly EntryKind[] = ['folder', 'file']

/** Names looked at by one query of a search, so that others get their turn in between. */
const SCAN_NAMES = 20_000
/** Names looked at by one request; the next page goes on. */
const MAX_SCANS = 100
const FOUND_BATCH = 200

/** Pages of folders in the orders that people choose, and the search for names; by indexes of the database. */
export class BrowseRepo implements BrowseIndex {
  private readonly db: Db
  private readonly spaceId: string
  private readonly rootId: string
  /** Compared byte by byte, on both engines. */
  private readonly nameColumn: string
  private readonly matches: string

  constructor(db: Db, spaceId: string, rootId: string) {
    this.db = db
    this.spaceId = spaceId
    this.rootId = rootId
    this.nameColumn = isPostgres(db) ? 'name collate "C"' : 'name'
    this.matches = isPostgres(db) ? "sort_name like ? escape '!'" : 'sort_name glob ?'
  }

  async page(parentId: string, query: PageQuery): Promise<RowPage> {
    const rows: FileRow[] = []
    for (const kind of PAGE_KINDS) {
      const limit = query.limit + 1 - rows.length
      if (limit === 0 || (kind === 'folder' && query.after?.kind === 'file')) continue
      rows.push(...(await this.pageOfKind(parentId, kind, { ...query, limit })))
    }
    const hasMore = rows.length > query.limit
    return {
      rows: hasMore ? rows.slice(0, query.limit) : rows,
      hasMore,
      ...(query.withTotal === true && { total: await this.count(parentId, query) }),
    }
  }

  private async pageOfKind(parentId: string, kind: EntryKind, query: PageQuery): Promise<FileRow[]> {
    const { sort, order, after, limit } = query
    const columns = [...VALUE_COLUMNS[sort], 'sort_name', this.nameColumn]
    const values: SqlValue[] = [parentId, kind]
    let where = 'parent_id = ? and kind = ?'
    if (after?.kind === kind) {
      where += ` and (${columns.join(', ')}) ${order === 'asc' ? '>' : '<'} (${columns.map(() => '?').join(', ')})`
      values.push(...(sort === 'name' ? [] : [after.value ?? 0]), toSortName(after.name), after.name)
    }
    const filter = this.filter(query)
    const ordered = `order by ${columns.map((column) => `${column} ${order}`).join(', ')}`
    const rest = `from files where ${where}${filter.sql} ${ordered} limit ?`
    values.push(...filter.values, limit)
    // By size or time everything in the folder is looked at: in the index alone, then the few that are wanted.
    const isInOrder = sort === 'name'
    const sql = isInOrder
      ? `select * ${rest}`
      : `select * from files where parent_id = ? and name in (select name ${rest}) ${ordered}`
    const found = await readRows<FileColumns>(this.db, sql, isInOrder ? values : [parentId, ...values])
    return found.map(toRow)
  }

  private async count(parentId: string, query: PageQuery): Promise<number> {
    const filter = this.filter(query)
    const sql = `select count(*) as count from files where parent_id = ?${filter.sql}`
    const [found] = await readRows<{ count: number }>(this.db, sql, [parentId, ...filter.values])
    return Number(found?.count ?? 0)
  }

  private filter({ match, except = [] }: PageQuery): { sql: string; values: SqlValue[] } {
    let sql = match === undefined ? '' : ` and ${this.matches}`
    if (except.length > 0) sql += ` and name not in (${except.map(() => '?').join(', ')})`
    return { sql, values: [...(match === undefined ? [] : [this.pattern(match)]), ...except] }
  }

  private pattern(part: string): string {
    if (isPostgres(this.db)) {
      const quote = (text: string) => text.replaceAll(/[!%_]/g, '!$&')
      return `%${toSortPattern(part, { gap: '_', quote })}%`
    }
    const quote = (text: string) => text.replaceAll(/[*?[]/g, '[$&]')
    return `*${toSortPattern(part, { gap: '?', quote })}*`
  }

  /** In the order of names; stops when there are enough, or after so many names that it may take a second. */
  async search(query: SearchQuery): Promise<SearchResult> {
    const found: SearchedRow[] = []
    let after = query.after ?? ['', '']
    for (let scans = 0; scans < MAX_SCANS; scans++) {
      query.signal?.throwIfAborted()
      const end = await this.endOfScan(after)
      const next = await this.searchTo(query, { after, end, found })
      if (next !== undefined || end === undefined) return next === undefined ? { found } : { found, next }
      after = end
      await setImmediate()
    }
    return { found, next: after }
  }

  /** Where it stopped because there are enough; undefined when it came to the end of the stretch. */
  private async searchTo(
    query: SearchQuery,
    scan: { after: Key; end: Key | undefined; found: SearchedRow[] },
  ): Promise<Key | undefined> {
    let { after } = scan
    while (true) {
      const rows = await this.matching(query.match, after, scan.end)
      const chains = await this.chainsOf(rows.map(({ id }) => id))
      for (const row of rows) {
        const chain = chains.get(row.id) ?? []
        after = [toSortName(row.name), row.id]
        // What was deleted and overwritten hangs below other roots.
        const isInside = chain[0]?.id === this.rootId && chain.some(({ id }) => id === query.folderId)
        if (!isInside || row.id === query.folderId) continue
        scan.found.push({ row, path: chain.slice(1).map(({ name }) => name) })
        if (scan.found.length >= query.limit) return after
      }
      if (rows.length < FOUND_BATCH) return undefined
    }
  }

  private async matching(match: string, after: Key, end: Key | undefined): Promise<FileRow[]> {
    const until = end === undefined ? '' : ' and (sort_name, id) <= (?, ?)'
    const sql = `select * from files where space_id = ? and (sort_name, id) > (?, ?)${until}
      and ${this.matches} order by sort_name, id limit ${FOUND_BATCH}`
    const values = [this.spaceId, ...after, ...(end ?? []), this.pattern(match)]
    return (await readRows<FileColumns>(this.db, sql, values)).map(toRow)
  }

  private async endOfScan(after: Key): Promise<Key | undefined> {
    const sql = `select sort_name, id from files where space_id = ? and (sort_name, id) > (?, ?)
      order by sort_name, id limit 1 offset ${SCAN_NAMES - 1}`
    const values = [this.spaceId, ...after]
    const [found] = await readRows<{ sort_name: string; id: string }>(this.db, sql, values)
    return found && [found.sort_name, found.id]
  }

  /** Those above each of the ids and itself, the topmost first; one query. */
  private async chainsOf(ids: readonly string[]): Promise<Map<string, Above[]>> {
    const chains = new Map<string, Above[]>()
    if (ids.length === 0) return chains
    const sql = `with recursive up as (
      select id as of_id, id, parent_id, name, 0 as height from files where id in (${ids.map(() => '?').join(', ')})
      union all
      select u.of_id, f.id, f.parent_id, f.name, u.height + 1 from up u join files f on f.id = u.parent_id
    ) select of_id, id, name from up order by height desc`
    for (const row of await readRows<Above & { of_id: string }>(this.db, sql, ids)) {
      const chain = chains.get(row.of_id)
      if (chain === undefined) chains.set(row.of_id, [row])
      else chain.push(row)
    }
    return chains
  }
}

type Key = readonly [sortName: string, id: string]

interface Above {
  id: string
  name: string
}
