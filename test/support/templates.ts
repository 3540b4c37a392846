import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { openDb } from '../../src/platform/db.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** An SQLite file with the newest schema and nothing in it. */
    sqliteTemplate: string
  }
}

/** Of the PostgreSQL of the run: the newest schema and nothing in it. */
export const POSTGRES_TEMPLATE = 'causeway_template'

export interface Templates {
  sqliteTemplate: string
  remove(): Promise<void>
}

/** Takes every step of the schema once for the whole run; each test gets a copy. */
export async function createTemplates(postgresUrl: string): Promise<Templates> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-template-'))
  const sqliteTemplate = join(folder, 'template.db')
  const url = new URL(postgresUrl)
  const admin = openDb({ client: 'postgres', url: url.href, poolSize: 1 })
  await admin.raw(`create database ${POSTGRES_TEMPLATE}`).finally(() => admin.destroy())
  url.pathname = `/${POSTGRES_TEMPLATE}`
  const databases = [
    openDb({ client: 'sqlite', file: sqliteTemplate }),
    openDb({ client: 'postgres', url: url.href, poolSize: 1 }),
  ]
  // Closed, SQLite's is one file, and PostgreSQL lets its copy be made.
  for (const db of databases) await migrateToLatest(db).finally(() => db.destroy())
  return { sqliteTemplate, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Puts a database with the newest schema there. */
export async function placeSqlite(file: string): Promise<void> {
  await copyFile(inject('sqliteTemplate'), file)
}
