import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { type Db, openDb } from '../../src/platform/db.ts'

export interface TestDatabase {
  db: Db
  close(): Promise<void>
}

export const engines = ['sqlite', 'postgres'] as const
export type Engine = (typeof engines)[number]

/** An empty, migrated database of the named engine: a temporary file, or a fresh PostgreSQL database. */
export async function createTestDatabase(
  engine: Engine,
  options: { migrate?: boolean } = {},
): Promise<TestDatabase> {
  const database = engine === 'sqlite' ? await createSqlite() : await createPostgres()
  if (options.migrate !== false) await migrateToLatest(database.db)
  return database
}

async function createSqlite(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-db-'))
  const db = openDb({ client: 'sqlite', file: join(folder, 'test.db') })
  return {
    db,
    close: async () => {
      await db.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The URL of a fresh, empty database on the run's private PostgreSQL. */
export async function createPostgresUrl(): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const admin = openDb({ client: 'postgres', url: url.href, poolSize: 1 })
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await admin.raw(`create database ${name}`)
  await admin.destroy()
  url.pathname = `/${name}`
  return url.href
}

async function createPostgres(): Promise<TestDatabase> {
  const db = openDb({ client: 'postgres', url: await createPostgresUrl(), poolSize: 4 })
  return { db, close: () => db.destroy() }
}
