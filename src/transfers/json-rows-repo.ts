import { type Db, isPostgres } from '../platform/db.ts'

export type SqlType = 'text' | 'integer' | 'bigint'

/**
 * A row source `v` for `from (…)`, fed by one parameter: a JSON array of objects with these columns.
 * So that one statement writes a whole batch, on both engines, whatever the number of rows.
 */
export function jsonRows(db: Db, columns: Readonly<Record<string, SqlType>>): string {
  const names = Object.keys(columns)
  if (isPostgres(db)) {
    return `json_to_recordset(cast(? as json)) as v(${names.map((name) => `${name} ${columns[name]}`).join(', ')})`
  }
  const values = names.map((name) => `json_extract(j.value, '$.${name}') as ${name}`)
  return `(select ${values.join(', ')} from json_each(?) as j) as v`
}

/** The rows of a raw query, on either engine. */
export async function rawRows<T>(
  db: Db,
  sql: string,
  bindings: readonly (string | number | null)[],
): Promise<T[]> {
  const answer = await db.raw(sql, bindings)
  return (isPostgres(db) ? answer.rows : answer) as T[]
}
