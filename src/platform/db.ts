import knexModule, { type Knex } from 'knex'
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js'
import pg from 'pg'
import type { Gate, Gates } from './gates.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { cacheStatements } from './statement-cache.ts'

/** Where the database is: a SQLite file (default) or a PostgreSQL server. */
export type DatabaseConfig =
  | { client: 'sqlite'; file: string }
  | { client: 'postgres'; url: string; poolSize: number }

/** A query builder bound to the pool or to one transaction; what every `*-repo.ts` takes. */
export type Db = Knex

/** Postgres type id of int8, which the driver returns as text unless told otherwise. */
const PG_INT8 = 20

/**
 * SQLite with transactions that take the write lock at once. A transaction that reads first and
 * writes later would fail with SQLITE_BUSY when another process (an admin command) wrote in between.
 */
class ImmediateSqliteClient extends BetterSqlite3Client {
  /** For `readRows`; a database in memory is seen by its own connection only and has none. */
  reader: SqliteReader | undefined

  // biome-ignore lint/suspicious/noExplicitAny: knex does not publish the types of its dialects
  constructor(config: any) {
    super(config)
    const { filename } = config.connection
    if (filename !== ':memory:') this.reader = new SqliteReader(() => new this.driver(filename))
  }

  // biome-ignore lint/suspicious/noExplicitAny: knex does not publish the types of its dialects
  transaction(...args: any[]): any {
    const transaction = super.transaction(...args)
    transaction.begin = (connection: unknown) => transaction.query(connection, 'BEGIN IMMEDIATE;')
    return transaction
  }

  // biome-ignore lint/suspicious/noExplicitAny: knex does not publish the types of its dialects
  destroy(...args: any[]): any {
    this.reader?.close()
    return super.destroy(...args)
  }
}

interface GatedConnection {
  inTransaction: boolean
  prepare(sql: string): { readonly: boolean }
}

/**
 * For a node of several processes. SQLite lets a writer wait by stopping its whole process, and asks again
 * in ever longer steps: so the writers of a node stand in line before it.
 */
class GatedSqliteClient extends ImmediateSqliteClient {
  // biome-ignore lint/suspicious/noExplicitAny: knex does not publish the types of its dialects
  async _query(connection: GatedConnection, query: any): Promise<any> {
    const run = () => super._query(connection, query)
    if (!connection.inTransaction && connection.prepare(query.sql).readonly) return run()
    const gate: Gate = this.config.gate
    if (!connection.inTransaction) await gate.enter()
    try {
      return await run()
    } finally {
      // The end of a transaction, or a statement that was none.
      if (!connection.inTransaction) gate.leave()
    }
  }
}

/**
 * Opens the pool; nothing is connected or migrated yet. Close with `db.destroy()`. `gates`: those of a node
 * that is several processes.
 */
export function openDb(config: DatabaseConfig, gates?: Gates): Db {
  if (config.client === 'postgres') return openPostgres(config.url, config.poolSize)
  return openSqlite(config.file, gates?.gateOf('database'))
}

/** Errors are logged, and values may be password hashes: their text names placeholders only. */
const withoutValuesInErrors = { compileSqlOnError: false }

function openSqlite(file: string, gate: Gate | undefined): Db {
  const db: Db = knexModule({
    client: (gate === undefined ? ImmediateSqliteClient : GatedSqliteClient) as never,
    ...(gate === undefined ? {} : { gate }),
    connection: { filename: file },
    useNullAsDefault: true,
    ...withoutValuesInErrors,
    pool: { min: 1, max: 1, afterCreate },
  })
  function afterCreate(connection: SqliteConnection, done: Done) {
    prepareSqlite(connection, () => db.client.reader?.expectChange())
    done(null, connection)
  }
  return db
}

type Done = (error: Error | null, connection: unknown) => void

interface SqliteConnection {
  pragma(text: string): unknown
  prepare(sql: string): unknown
}

/** `onUse`: before each statement, a `COMMIT` too. */
function prepareSqlite(connection: SqliteConnection, onUse: () => void) {
  connection.pragma('journal_mode = WAL')
  connection.pragma('synchronous = NORMAL')
  connection.pragma('foreign_keys = ON')
  connection.pragma('busy_timeout = 10000')
  cacheStatements(connection, onUse)
}

function openPostgres(url: string, poolSize: number): Db {
  const types = {
    getTypeParser: (id: number, format?: 'text' | 'binary') =>
      id === PG_INT8 ? Number : pg.types.getTypeParser(id, format as 'text'),
  }
  return knexModule({
    client: 'pg',
    ...withoutValuesInErrors,
    connection: { connectionString: url, types } as Knex.PgConnectionConfig,
    pool: { min: 0, max: poolSize },
  })
}

/** True when this handle speaks to PostgreSQL. */
export function isPostgres(db: Db): boolean {
  return db.client.config.client === 'pg'
}

/**
 * Runs `work` in one transaction: all or nothing. On SQLite there is one connection, so `work` must
 * use only the handle it is given, and must not wait for anything but the database.
 */
export function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction((tx) => work(tx))
}

/** True for the error of a violated unique constraint, on either engine. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === '23505' || String(error.code).startsWith('SQLITE_CONSTRAINT')
}

/** Throws when the database does not answer. */
export async function pingDb(db: Db): Promise<void> {
  await db.raw('select 1')
}
