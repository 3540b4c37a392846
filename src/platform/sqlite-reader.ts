import { cacheStatements } from './statement-cache.ts'

export type SqlValue = string | number | null

interface Connection {
  prepare(sql: string): { all(...values: SqlValue[]): unknown[] }
  pragma(text: string): unknown
  close(): void
}

/** How long a reader waits while the log is recovered or reset; otherwise readers never wait in WAL mode. */
const BUSY_MS = 10_000

/** SQLite only: a second connection that reads what is committed, beside the one that writes. */
export class SqliteReader {
  private readonly connect: () => Connection
  private connection: Connection | undefined

  constructor(connect: () => Connection) {
    this.connect = connect
  }

  read(sql: string, values: readonly SqlValue[]): unknown[] {
    this.connection ??= this.opened()
    return this.connection.prepare(sql).all(...values)
  }

  close(): void {
    this.connection?.close()
    this.connection = undefined
  }

  private opened(): Connection {
    const connection = this.connect()
    connection.pragma('query_only = ON')
    connection.pragma(`busy_timeout = ${BUSY_MS}`)
    cacheStatements(connection)
    return connection
  }
}
