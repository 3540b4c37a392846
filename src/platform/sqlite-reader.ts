import { cacheStatements } from './statement-cache.ts'

export type SqlValue = string | number | null

interface Statement {
  all(...values: SqlValue[]): unknown[]
}

interface Connection {
  prepare(sql: string): Statement
  pragma(text: string): unknown
  close(): void
}

/** How long a reader waits while the log is recovered or reset; otherwise readers never wait in WAL mode. */
const BUSY_MS = 10_000
/** Answers remembered; one with more values or rows is not. */
const MAX_ANSWERS = 5_000
const MAX_VALUES = 8
const MAX_ROWS = 8

/**
 * SQLite only: a second connection that reads what is committed, beside the one that writes. Answers are
 * remembered for as long as nobody, in whatever process, changed the database: who asks, what they may see
 * and where a file is are the same for one request after the other, and asking takes longer than the file.
 */
export class SqliteReader {
  private readonly connect: () => Connection
  private connection: Connection | undefined
  private version: Statement | undefined
  private readonly answers = new Map<string, Map<string, unknown[]>>()
  private answerCount = 0
  private answersOf: unknown
  private isChecked = false

  constructor(connect: () => Connection) {
    this.connect = connect
  }

  /** Rows belong to everybody who asks the same: they must not be changed. */
  read(sql: string, values: readonly SqlValue[]): unknown[] {
    this.connection ??= this.opened()
    if (values.length > MAX_VALUES) return this.connection.prepare(sql).all(...values)
    if (!this.isChecked) this.forgetOld(this.connection)
    const key = JSON.stringify(values)
    const known = this.answers.get(sql)?.get(key)
    if (known !== undefined) return known
    const rows = this.connection.prepare(sql).all(...values)
    if (rows.length <= MAX_ROWS) this.remember(sql, key, rows)
    return rows
  }

  /** The connection beside this one is about to write. */
  expectChange(): void {
    this.isChecked = false
  }

  close(): void {
    this.connection?.close()
    this.connection = undefined
    this.version = undefined
  }

  /**
   * One look at the number of the database's version holds for what is asked before the process turns to its
   * next event. That event may be somebody who was told meanwhile, by another process, what it has changed.
   */
  private forgetOld(connection: Connection): void {
    this.version ??= connection.prepare('pragma data_version')
    const [found] = this.version.all() as { data_version: number }[]
    if (found?.data_version !== this.answersOf) this.forget()
    this.answersOf = found?.data_version
    this.isChecked = true
    process.nextTick(() => this.expectChange())
  }

  private remember(sql: string, key: string, rows: unknown[]): void {
    if (this.answerCount >= MAX_ANSWERS) this.forget()
    this.answerCount++
    const ofSql = this.answers.get(sql) ?? new Map<string, unknown[]>()
    this.answers.set(sql, ofSql.set(key, rows))
  }

  private forget(): void {
    this.answers.clear()
    this.answerCount = 0
  }

  private opened(): Connection {
    const connection = this.connect()
    connection.pragma('query_only = ON')
    connection.pragma(`busy_timeout = ${BUSY_MS}`)
    cacheStatements(connection)
    return connection
  }
}
