import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import { findOpenFiles } from './queue-repo.ts'

/** A part file that was written to a moment ago may belong to a request that is not noted yet. */
const YOUNG_MS = 600_000
const QUERY_BATCH = 500

export interface SweepDeps {
  db: Db
  clock: Clock
  log: Logger
  stagingFolders(): Promise<readonly string[]>
}

/**
 * Removes part files that no open request owns: those whose destination could not be reached when
 * their request ended (a share taken back, a disk away), and those of jobs that went with their user.
 */
export async function sweepStaging(deps: SweepDeps, signal: AbortSignal): Promise<void> {
  for (const folder of await deps.stagingFolders()) {
    if (signal.aborted) return
    const removed = await sweepFolder(deps, folder)
    if (removed > 0) deps.log.info({ removed }, 'part files without a transfer were removed')
  }
}

async function sweepFolder(deps: SweepDeps, folder: string): Promise<number> {
  const parts = (await readdir(folder).catch(() => [])).flatMap((name) => {
    const fileId = requestOf(name)
    return fileId === undefined ? [] : [{ path: join(folder, name), fileId }]
  })
  let removed = 0
  for (let start = 0; start < parts.length; start += QUERY_BATCH) {
    const batch = parts.slice(start, start + QUERY_BATCH)
    const open = await findOpenFiles(
      deps.db,
      batch.map(({ fileId }) => fileId),
    )
    for (const { path, fileId } of batch) {
      if (open.has(fileId) || (await isYoung(path, deps.clock))) continue
      await rm(path, { force: true })
      removed++
    }
  }
  return removed
}

/** The request that a part file, or what an external program put beside it, belongs to. */
function requestOf(name: string): string | undefined {
  return /^[0-9a-f-]{36}-([0-9a-f-]{36})\.part/.exec(name)?.[1]
}

async function isYoung(path: string, clock: Clock): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  return stats === undefined || stats.mtimeMs > clock.nowMs() - YOUNG_MS
}
