import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Db, openDb } from '../../src/platform/db.ts'
import { POSTGRES_TEMPLATE, placeSqlite } from './templates.ts'

export interface TestDatabase {
  db: Db
  close(): Promise<void>
}

export const engines = ['sqlite', 'postgres'] as const
export type Engine = (typeof engines)[number]

/** An empty, migrated database of the named engine: a temporary file, or a fresh PostgreSQL database. */
export async function createTestDatabase(
  engine: Engine,
  { migrate = true }: { migrate?: boolean } = {},
): Promise<TestDatabase> {
  return engine === 'sqlite' ? createSqlite(migrate) : createPostgres(migrate)
}

async function createSqlite(isMigrated: boolean): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-db-'))
  const file = join(folder, 'test.db')
  if (isMigrated) await placeSqlite(file)
  const db = openDb({ client: 'sqlite', file })
  return {
    db,
    close: async () => {
      await db.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The URL of a fresh database on the run's private PostgreSQL, empty or with the newest schema. */
export async function createPostgresUrl(isMigrated = false): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const admin = openDb({ client: 'postgres', url: url.href, poolSize: 1 })
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await admin.raw(`create database ${name}${isMigrated ? ` template ${POSTGRES_TEMPLATE}` : ''}`)
  await admin.destroy()
  url.pathname = `/${name}`
  return url.href
}

async function createPostgres(isMigrated: boolean): Promise<TestDatabase> {
  const db = openDb({ client: 'postgres', url: await createPostgresUrl(isMigrated), poolSize: 4 })
  return { db, close: () => db.destroy() }
}
