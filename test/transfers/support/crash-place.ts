import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrateToLatest } from '../../../migrations/index.ts'
import { type Db, openDb } from '../../../src/platform/db.ts'
import { insertUser } from './test-engine.ts'

/** A database file and drives that outlive the processes that are killed over them. */
export interface CrashPlace {
  folder: string
  databaseFile: string
  /** Where the drives lie. */
  spaces: string
  db: Db
  close(): Promise<void>
}

export async function openCrashPlace(): Promise<CrashPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-crash-'))
  const databaseFile = join(folder, 'test.db')
  const db = openDb({ client: 'sqlite', file: databaseFile })
  await migrateToLatest(db)
  await insertUser(db)
  const close = async () => {
    await db.destroy()
    await rm(folder, { recursive: true, force: true })
  }
  return { folder, databaseFile, spaces: join(folder, 'spaces'), db, close }
}

/** Runs a script of this folder in a process of its own. */
export function spawnScript(name: string, args: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL(`./${name}`, import.meta.url))
  return spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** An engine in a process of its own, which orders a copy to `destination` when there is one; it runs when this resolves. */
export async function startChildEngine(
  place: CrashPlace,
  sourceUrl: string,
  destination?: string,
): Promise<ChildProcess> {
  const args = [place.databaseFile, sourceUrl, place.spaces]
  const child = spawnScript('child-engine.ts', destination === undefined ? args : [...args, destination])
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

/** SIGKILL; resolves when it is gone. */
export async function kill(victim: ChildProcess): Promise<void> {
  const ended = once(victim, 'exit')
  victim.kill('SIGKILL')
  await ended
}
