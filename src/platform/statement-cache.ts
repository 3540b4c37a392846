/** Distinct texts kept; beyond that the oldest goes. Generated texts (long `in` lists) would fill any size. */
const MAX_STATEMENTS = 500

interface Preparing<S> {
  prepare(sql: string): S
}

/**
 * Lets a connection of better-sqlite3 prepare each SQL text once. Preparing costs several times more
 * than running a point query, and the query builder prepares every time. `onUse` hears of each use.
 */
export function cacheStatements<S>(connection: Preparing<S>, onUse?: () => void): void {
  const prepare = connection.prepare.bind(connection)
  const statements = new Map<string, S>()
  connection.prepare = (sql) => {
    onUse?.()
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = prepare(sql)
    statements.set(sql, statement)
    const [oldest] = statements.keys()
    if (statements.size > MAX_STATEMENTS && oldest !== undefined) statements.delete(oldest)
    return statement
  }
}
