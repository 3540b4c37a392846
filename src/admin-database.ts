import { open } from 'node:fs/promises'
import { migrateToLatest } from '../migrations/index.ts'
import { processEnvironment } from './config/env.ts'
import { type LoadedConfig, loadConfig } from './config/load.ts'
import { type Db, openDb } from './platform/db.ts'

/** What a command on the folder of a node works with. */
export interface OpenedNode extends LoadedConfig {
  db: Db
}

/** Opens the database of a node for one piece of work; safe while the node runs. */
export async function withDatabase<T>(folder: string, work: (opened: OpenedNode) => Promise<T>): Promise<T> {
  const loaded = loadConfig(folder, processEnvironment())
  const { database } = loaded.config
  if (database.client === 'sqlite') await makePrivate(database.file)
  const db = openDb(database)
  try {
    await migrateToLatest(db)
    return await work({ ...loaded, db })
  } finally {
    await db.destroy()
  }
}

/** SQLite takes an empty file for a new database and gives its mode to the files it makes beside it. */
async function makePrivate(file: string): Promise<void> {
  await (await open(file, 'a', 0o600)).close()
}
