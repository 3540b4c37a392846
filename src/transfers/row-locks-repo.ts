import { type Db, inTransaction, isPostgres } from '../platform/db.ts'

/**
 * Locks these jobs to the end of the transaction, in the order of their ids, so that two who want the same
 * ones never wait for each other. Who changes files as well locks those first. Nothing to do on SQLite,
 * where only one writes at a time.
 */
export async function lockJobs(tx: Db, ids: Iterable<string>): Promise<void> {
  await lockRows(tx, 'transfer_jobs', ids)
}

/** The same for files. */
export async function lockFiles(tx: Db, ids: Iterable<string>): Promise<void> {
  await lockRows(tx, 'transfer_files', ids)
}

async function lockRows(tx: Db, table: string, ids: Iterable<string>): Promise<void> {
  const wanted = [...new Set(ids)]
  if (wanted.length === 0 || !isPostgres(tx)) return
  // As strong as an update and no stronger: who adds a file to the job need not wait. By the code of the
  // characters, as JavaScript sorts.
  await tx(table).whereIn('id', wanted).orderByRaw('id collate "C"').forNoKeyUpdate().select('id')
}

/**
 * Runs `work` while nobody else changes these jobs. On PostgreSQL a statement that waits for a row sees its
 * new version, but all other tables as they were before the wait: what has to see the files that were added
 * meanwhile must be a statement of its own, after the locks.
 */
export async function withJobsLocked<T>(
  db: Db,
  ids: readonly string[],
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  if (!isPostgres(db)) return work(db)
  return inTransaction(db, async (tx) => {
    await lockJobs(tx, ids)
    return work(tx)
  })
}

/** The same for files; of two that change many of them, none waits for the other in a ring. */
export async function withFilesLocked<T>(
  db: Db,
  ids: readonly string[],
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  if (!isPostgres(db)) return work(db)
  return inTransaction(db, async (tx) => {
    await lockFiles(tx, ids)
    return work(tx)
  })
}
