import { type Db, isPostgres } from '../platform/db.ts'
import { storable } from './foreign-words.ts'

export type SqlType = 'text' | 'integer' | 'bigint'

type Columns = Readonly<Record<string, SqlType>>
type Row<C extends Columns> = Readonly<{ [name in keyof C]: string | number | null }>

/** A row source `v` for `from (…)`, and the one parameter that it takes. */
export interface JsonRows {
  source: string
  parameter: string
}

/**
 * Rows as one JSON parameter, so that one statement writes a whole batch, on both engines, whatever the
 * number of rows. SQLite finds values by place in a third of the time it takes by name. Texts lose what
 * PostgreSQL would refuse together with all other rows.
 */
export function jsonRows<C extends Columns>(db: Db, columns: C, rows: readonly Row<C>[]): JsonRows {
  const names = Object.keys(columns)
  if (isPostgres(db)) {
    const typed = names.map((name) => `${name} ${columns[name]}`)
    const objects = rows.map((row) =>
      Object.fromEntries(names.map((name) => [name, kept(row[name] ?? null)])),
    )
    const source = `json_to_recordset(cast(? as json)) as v(${typed.join(', ')})`
    return { source, parameter: JSON.stringify(objects) }
  }
  const values = names.map((name, place) => `json_extract(j.value, '$[${place}]') as ${name}`)
  const source = `(select ${values.join(', ')} from json_each(?) as j) as v`
  return {
    source,
    parameter: JSON.stringify(rows.map((row) => names.map((name) => kept(row[name] ?? null)))),
  }
}

function kept(value: string | number | null): string | number | null {
  return typeof value === 'string' ? storable(value) : value
}

/** The columns that have a value in any of the rows: most of those of a request are null, and cost as much as the others. */
export function filledColumns<C extends Columns>(columns: C, rows: readonly Row<C>[]): C {
  return Object.fromEntries(
    Object.entries(columns).filter(([name]) => rows.some((row) => row[name] !== null)),
  ) as C
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
