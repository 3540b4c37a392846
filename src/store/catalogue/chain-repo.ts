import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { StorePath } from '../types.ts'
import { type FileColumns, toRow } from './file-columns.ts'
import type { FileRow } from './file-index.ts'

/** The rows from a root down along a path, as far as they are known; one query. */
export async function listChain(db: Db, rootId: string, path: StorePath): Promise<FileRow[]> {
  const found = await readRows<FileColumns>(db, chainSql(path.length), [...path, rootId])
  return found.map(toRow)
}

/** The rows from the topmost ancestor of an id down to its own; one query. */
export async function listChainOf(db: Db, spaceId: string, id: string): Promise<FileRow[]> {
  const sql = `with recursive up as (
    select f.*, 0 as height from files f where f.id = ? and f.space_id = ?
    union all
    select f.*, u.height + 1 from up u join files f on f.id = u.parent_id
  ) select * from up order by height desc`
  return (await readRows<FileColumns>(db, sql, [id, spaceId])).map(toRow)
}

/** Only the last of them: a third of the time. */
export async function findRow(db: Db, rootId: string, path: StorePath): Promise<FileRow | undefined> {
  if (path.length > MAX_NESTED) return (await listChain(db, rootId, path))[path.length]
  const [found] = await readRows<FileColumns>(db, findSql(path.length), [rootId, ...path])
  return found && toRow(found)
}

/** The path of an id below a root of a space; undefined when it does not lie there. */
export async function findPath(
  db: Db,
  { id, spaceId, rootId }: { id: string; spaceId: string; rootId: string },
): Promise<StorePath | undefined> {
  const sql = `with recursive up as (
    select id, parent_id, name, 0 as height from files where id = ? and space_id = ?
    union all
    select f.id, f.parent_id, f.name, u.height + 1 from up u join files f on f.id = u.parent_id
  ) select id, name from up order by height desc`
  const found = await readRows<{ id: string; name: string }>(db, sql, [id, spaceId])
  return found[0]?.id === rootId ? found.slice(1).map((row) => row.name) : undefined
}

/** Deeper queries are not nested: databases have a limit for that. */
const MAX_NESTED = 30
const findSqls: string[] = []

/** One text for each depth, so that it is prepared once. */
function findSql(depth: number): string {
  findSqls[depth] ??=
    depth === 0
      ? 'select * from files where id = ?'
      : `select * from files where parent_id = ${idSql(depth - 1)} and name = ?`
  return findSqls[depth]
}

function idSql(depth: number): string {
  return depth === 0 ? '?' : `(select id from files where parent_id = ${idSql(depth - 1)} and name = ?)`
}

/** The same for all rows on the way. */
const chainSqls: string[] = ['select * from files where id = ?']

function chainSql(depth: number): string {
  const known = chainSqls[depth]
  if (known !== undefined) return known
  const wanted = Array.from({ length: depth }, (_, index) => `(${index + 1}, cast(? as text))`).join(', ')
  const sql = `with recursive wanted(depth, name) as (values ${wanted}), found as (
    select f.*, 0 as depth from files f where f.id = ?
    union all
    select f.*, p.depth + 1 from found p join wanted w on w.depth = p.depth + 1
    join files f on f.parent_id = p.id and f.name = w.name
  ) select * from found order by depth`
  chainSqls[depth] = sql
  return sql
}
