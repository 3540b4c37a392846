import { type Db, isPostgres } from '../../src/platform/db.ts'

/**
 * Begins `work` while a transaction that makes `change` is under way, and ends that as soon as `work` waits for it
 * (or is over, because it does not).
 */
export async function meanwhile<T>(
  db: Db,
  change: (tx: Db) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const tx = await db.transaction()
  await change(tx)
  const outcome = work()
  await untilWaiting(db, outcome)
  await tx.commit()
  return outcome
}

/** Until `work` stands in line for a row (PostgreSQL) or for the one connection (SQLite), or is over. */
export async function untilWaiting(db: Db, work: Promise<unknown>): Promise<void> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  while (!isOver && !(await isSomebodyWaiting(db))) await new Promise(setImmediate)
}

async function isSomebodyWaiting(db: Db): Promise<boolean> {
  if (!isPostgres(db)) return db.client.pool.numPendingAcquires() > 0
  // Not in a transaction, which would see the same answer each time.
  const { rows } = await db.raw(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows.length > 0
}
