import { type Db, isPostgres } from './db.ts'
import type { SqliteReader, SqlValue } from './sqlite-reader.ts'

/**
 * Rows of one query with `?` placeholders, for what every request asks. On SQLite it is a prepared
 * statement on the reading connection (1 µs where the query builder takes 40 µs, and never behind a
 * transaction); within a transaction, and on PostgreSQL, an ordinary query.
 */
export async function readRows<R>(db: Db, sql: string, values: readonly SqlValue[]): Promise<R[]> {
  const reader: SqliteReader | undefined = db.isTransaction ? undefined : db.client.reader
  if (reader !== undefined) return reader.read(sql, values) as R[]
  const result = await db.raw(sql, [...values])
  return isPostgres(db) ? result.rows : result
}
