import { readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { findOpenFiles } from '../queue-repo.ts'
import type { TransferCacheDeps } from './cache-deps.ts'
import { cachedPathOf } from './cache-key.ts'
import {
  cachedBytes,
  dropEmptyRows,
  dropStaleClaims,
  findKnownKeys,
  forgetUnused,
  listUnused,
} from './cache-room-repo.ts'

const DAY_MS = 86_400_000
const BATCH = 100
/** A file without a row may be on its way to one. */
const YOUNG_MS = 600_000

export type RoomDeps = Pick<TransferCacheDeps, 'db' | 'clock' | 'folder' | 'config'>

/** Removes the longest unused until `sizeBytes` more fit; false when they never do. */
export async function makeRoom(deps: RoomDeps, sizeBytes: number): Promise<boolean> {
  const { db, config } = deps
  if (sizeBytes > config.maxBytes) return false
  for (;;) {
    const excess = (await cachedBytes(db)).sizeBytes + sizeBytes - config.maxBytes
    const missing = Math.max(excess, await missingOnDisk(deps))
    if (missing <= 0) return true
    if ((await evict(deps, missing)) === 0) return false
  }
}

async function missingOnDisk({ folder, config }: RoomDeps): Promise<number> {
  if (config.minFreeBytes === 0) return 0
  const disk = await statfs(folder).catch(() => undefined)
  return disk === undefined ? 0 : config.minFreeBytes - disk.bavail * disk.bsize
}

/** Returns the bytes that went. */
async function evict(deps: RoomDeps, wanted: number, usedBeforeMs?: number): Promise<number> {
  const nowMs = deps.clock.nowMs()
  const before = usedBeforeMs === undefined ? {} : { usedBeforeMs }
  let gone = 0
  for (const row of await listUnused(deps.db, { nowMs, limit: BATCH, ...before })) {
    if (gone >= wanted) break
    if (!(await forgetUnused(deps.db, row.key, nowMs))) continue
    await rm(cachedPathOf(deps.folder, row.key), { force: true })
    gone += row.sizeBytes
  }
  return gone
}

/** Removes everything that nobody uses now; returns what is left. */
export async function drain(deps: RoomDeps): Promise<{ files: number; sizeBytes: number }> {
  const before = async () => (await cachedBytes(deps.db)).files
  for (let files = await before(); files > 0; ) {
    await evict(deps, Number.POSITIVE_INFINITY)
    const left = await before()
    if (left === files) break
    files = left
  }
  await dropEmptyRows(deps.db, deps.clock.nowMs())
  return cachedBytes(deps.db)
}

/** Now and then: what is too old, what is too much, and what has no row or no request. */
export async function sweepCache(deps: RoomDeps): Promise<void> {
  const { db, clock, config } = deps
  const oldMs = clock.nowMs() - config.lifetimeDays * DAY_MS
  while ((await evict(deps, Number.POSITIVE_INFINITY, oldMs)) > 0);
  if (config.maxBytes === 0) await drain(deps)
  else await makeRoom(deps, 0)
  await dropEmptyRows(db, clock.nowMs())
  await dropStaleClaims(db)
  await sweepIncoming(deps)
  await sweepData(deps)
}

async function sweepIncoming({ db, folder, clock }: RoomDeps): Promise<void> {
  const incoming = join(folder, 'incoming')
  const names = await readdir(incoming).catch(() => [])
  for (let start = 0; start < names.length; start += BATCH) {
    const batch = names.slice(start, start + BATCH)
    const open = await findOpenFiles(db, batch)
    for (const name of batch) if (!open.has(name)) await removeOld(join(incoming, name), clock.nowMs())
  }
}

async function sweepData({ db, folder, clock }: RoomDeps): Promise<void> {
  const data = join(folder, 'data')
  for (const prefix of await readdir(data).catch(() => [])) {
    const names = await readdir(join(data, prefix)).catch(() => [])
    const known = await findKnownKeys(
      db,
      names.map((name) => prefix + name),
      clock.nowMs(),
    )
    for (const name of names)
      if (!known.has(prefix + name)) await removeOld(join(data, prefix, name), clock.nowMs())
  }
}

/** By its change time: the time of its content is that of the source. */
async function removeOld(path: string, nowMs: number): Promise<void> {
  const stats = await stat(path).catch(() => undefined)
  if (stats !== undefined && stats.ctimeMs < nowMs - YOUNG_MS) await rm(path, { force: true })
}
