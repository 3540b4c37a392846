import { constants } from 'node:fs'
import { copyFile, mkdir, open, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileRow } from '../catalogue/file-index.ts'
import { targetOf } from '../entries.ts'
import { nameOf } from '../paths.ts'
import type { StorePath } from '../types.ts'
import { factsOf } from './disk-facts.ts'
import { compare, type IndexSync } from './index-sync.ts'
import type { OpenFile } from './open-file.ts'
import { newRow, overtaken, type SpaceContext } from './space-context.ts'

/** Files of one folder that are copied at the same time. */
const PARALLEL = 8

/** A copy that lies complete in staging; `rows` holds all of it, parents first, `row` is its top. */
export interface StagedTree {
  row: FileRow
  rows: { sourceId: string; row: FileRow }[]
}

interface CopyJob {
  from: StorePath
  to: StorePath
  localPath: string
  depth: '0' | 'infinity'
}

/** Copies what is at `from` to a local path in staging, with times, checksums and fresh ids. */
export async function stageCopy(space: SpaceContext, sync: IndexSync, job: CopyJob): Promise<StagedTree> {
  const source = targetOf(job.from, await sync.fresh(job.from, job.depth === 'infinity'))
  const place = { parentId: null, name: nameOf(job.to) }
  if (source.kind === 'file') {
    const row = await copyOneFile(space, sync, job, place)
    return { row, rows: [{ sourceId: source.id, row }] }
  }
  return await copyFolder(space, sync, job, { source, place })
}

type Place = Pick<FileRow, 'parentId' | 'name'>

async function copyFolder(
  space: SpaceContext,
  sync: IndexSync,
  job: CopyJob,
  { source, place }: { source: FileRow; place: Place },
): Promise<StagedTree> {
  await mkdir(job.localPath)
  const row = newRow(space, place, { ...source, sizeBytes: 0 }, { mediaType: source.mediaType })
  const rows = [{ sourceId: source.id, row }]
  const members = job.depth === '0' ? [] : await space.index.members(source.id)
  for (let start = 0; start < members.length; start += PARALLEL) {
    const batch = members.slice(start, start + PARALLEL)
    const copies = await Promise.all(batch.map((member) => copyMember(space, sync, job, { member, row })))
    for (const copy of copies) {
      row.sizeBytes += copy.row.sizeBytes
      rows.push(...copy.rows)
    }
  }
  await utimes(job.localPath, source.mtimeMs / 1_000, source.mtimeMs / 1_000)
  await space.staging.flushFolder(job.localPath)
  const facts = await factsOf(job.localPath)
  if (facts === undefined) throw overtaken(job.to)
  const { mtimeMs, diskMtimeNs, inode, diskBirthNs } = facts
  Object.assign(row, { mtimeMs, diskMtimeNs, inode, diskBirthNs, diskSeenMs: space.clock.nowMs() })
  return { row, rows }
}

async function copyMember(
  space: SpaceContext,
  sync: IndexSync,
  job: CopyJob,
  { member, row }: { member: FileRow; row: FileRow },
): Promise<StagedTree> {
  const from = [...job.from, member.name]
  const to = [...job.to, member.name]
  const localPath = join(job.localPath, member.name)
  const place = { parentId: row.id, name: member.name }
  if (member.kind === 'file') {
    const copy = await copyOneFile(space, sync, { ...job, from, to, localPath }, place)
    return { row: copy, rows: [{ sourceId: member.id, row: copy }] }
  }
  const source = targetOf(from, await sync.fresh(from, true))
  return await copyFolder(space, sync, { ...job, from, to, localPath }, { source, place })
}

async function copyOneFile(
  space: SpaceContext,
  sync: IndexSync,
  job: CopyJob,
  place: Place,
): Promise<FileRow> {
  const source = targetOf(job.from, await sync.fresh(job.from))
  const opened = await space.disk.open(job.from)
  if (opened === undefined) throw overtaken(job.from)
  try {
    await copyOpenFile(opened.file, space.disk.localPath(job.from), job.localPath)
  } finally {
    opened.file.close()
  }
  const handle = await open(job.localPath, 'r+')
  try {
    await space.staging.finish(handle, opened.facts.mtimeMs)
  } finally {
    await handle.close()
  }
  const facts = await factsOf(job.localPath)
  if (facts === undefined) throw overtaken(job.to)
  const isSame = compare(source, opened.facts) === 'same' && facts.sizeBytes === source.sizeBytes
  const { mediaType, checksums } = source
  return newRow(space, place, facts, { mediaType, checksums: isSame ? checksums : {} })
}

/** The kernel copies (or shares the blocks); on Linux from the open file, so no link can get between. */
async function copyOpenFile(file: OpenFile, from: string, to: string): Promise<void> {
  const source = process.platform === 'linux' ? `/proc/self/fd/${file.descriptor}` : from
  await copyFile(source, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
}
