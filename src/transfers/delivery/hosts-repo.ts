import type { Db } from '../../platform/db.ts'
import type { Announcement } from './wire.ts'

/** A delivery worker as the table holds it. */
export interface HostRow {
  id: string
  name: string
  secret_hash: string | null
  created_at_ms: number
  is_draining: number
  session: string | null
  version: string | null
  executors: string
  prefixes: string
  slots: number
  load: string
  seen_at_ms: number | null
  bytes_total: number
  files_done: number
  files_failed: number
}

const table = (db: Db) => db<HostRow>('delivery_hosts')

/** False when the name is taken. */
export async function insertHost(
  db: Db,
  host: Pick<HostRow, 'id' | 'name' | 'secret_hash' | 'created_at_ms'>,
): Promise<boolean> {
  const added = await table(db).insert(host).onConflict('name').ignore().returning('id')
  return added.length > 0
}

export async function findHost(db: Db, id: string): Promise<HostRow | undefined> {
  return table(db).where({ id }).first()
}

export async function findHostByName(db: Db, name: string): Promise<HostRow | undefined> {
  return table(db).where({ name }).first()
}

export async function listHosts(db: Db): Promise<HostRow[]> {
  return table(db).orderBy('name')
}

export async function removeHost(db: Db, id: string): Promise<void> {
  await table(db).where({ id }).del()
}

export async function setDraining(db: Db, id: string, isDraining: boolean): Promise<void> {
  await table(db)
    .where({ id })
    .update({ is_draining: Number(isDraining) })
}

/** A new life of a worker: the one before has lost its right. */
export async function announceHost(
  db: Db,
  id: string,
  life: { session: string; nowMs: number; announcement: Announcement },
): Promise<void> {
  const { version, executors, prefixes, slots, load } = life.announcement
  await table(db)
    .where({ id })
    .update({
      session: life.session,
      version,
      executors: JSON.stringify(executors),
      prefixes: JSON.stringify(prefixes),
      slots,
      load: String(load),
      seen_at_ms: life.nowMs,
    })
}

export async function markHostSeen(db: Db, id: string, load: number, nowMs: number): Promise<void> {
  await table(db)
    .where({ id })
    .update({ load: String(load), seen_at_ms: nowMs })
}

/** What it brought and what not, since it was added. */
export async function countOutcome(
  db: Db,
  id: string,
  outcome: { bytes: number; done: number; failed: number },
): Promise<void> {
  await table(db)
    .where({ id })
    .update({
      bytes_total: db.raw('bytes_total + ?', [outcome.bytes]) as never,
      files_done: db.raw('files_done + ?', [outcome.done]) as never,
      files_failed: db.raw('files_failed + ?', [outcome.failed]) as never,
    })
}
