import type { Readable } from 'node:stream'
import { PreconditionFailedError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { byName } from '../entries.ts'
import { formatPath, parentOf } from '../paths.ts'
import type * as t from '../types.ts'
import { findEntry } from './wrapped-store.ts'

export interface CopyEnd {
  store: t.FileStore
  path: t.StorePath
}

export interface CopyAcrossOptions extends t.CopyOptions {
  /** Told of the file or folder and of everything in it, a folder before its members, these by name. */
  onCopy?: (entry: t.Entry) => void
}

/**
 * Copies a file or a tree from one store into another, through this process. A tree grows under a
 * passing name beside its place and appears there when it is complete; the source is never touched.
 */
export async function copyAcross(
  from: CopyEnd,
  to: CopyEnd,
  options: CopyAcrossOptions,
): Promise<t.WriteResult> {
  const source = await from.store.stat(from.path, { withProperties: true })
  const present = await findEntry(to.store, to.path)
  if (present !== undefined && !options.overwrite) {
    throw new PreconditionFailedError(
      `Something is at ${formatPath(to.path)} already; it may not be overwritten.`,
    )
  }
  const { depth = 'infinity', overwrite, check, onCopy = () => undefined } = options
  const job = { source, depth, overwrite, check, onCopy }
  const isAtOnce = source.kind === 'file' && present?.kind !== 'folder'
  const entry = isAtOnce ? await copyEntry(from, to, job) : await copyBeside(from, to, job)
  return { entry, created: present === undefined }
}

interface CopyJob {
  source: t.Entry
  depth: '0' | 'infinity'
  /** What came to the destination since the look at it may be replaced. */
  overwrite: boolean
  /** Asked when it gets its place; undefined for what grows elsewhere. */
  check: t.LastCheck | undefined
  onCopy: (entry: t.Entry) => void
}

async function copyBeside(from: CopyEnd, to: CopyEnd, job: CopyJob): Promise<t.Entry> {
  const beside = { store: to.store, path: [...parentOf(to.path), `.copying-${newId()}`] }
  try {
    await copyEntry(from, beside, { ...job, check: undefined })
    // The passing name is nobody's business.
    const check: t.LastCheck = async ({ removed: _, ...change }) => await job.check?.(change)
    return (await to.store.move(beside.path, to.path, { overwrite: job.overwrite, check })).entry
  } catch (error) {
    await to.store.remove(beside.path).catch(() => undefined) // the first error is the one to tell
    throw error
  }
}

async function copyEntry(from: CopyEnd, to: CopyEnd, job: CopyJob): Promise<t.Entry> {
  const { source, depth, onCopy } = job
  onCopy(source)
  if (source.kind === 'file') return await copyContent(from, to, job)
  await to.store.makeCollection(to.path)
  await copyProperties(to, source)
  const members = depth === '0' ? [] : await membersOf(from.store, from.path)
  for (const member of members) {
    const below = (end: CopyEnd) => ({ ...end, path: [...end.path, member.name] })
    await copyEntry(below(from), below(to), { ...job, source: member })
  }
  return await to.store.stat(to.path)
}

/** What is in a folder, by name, with its properties. */
export async function membersOf(store: t.FileStore, path: t.StorePath): Promise<t.Entry[]> {
  return (await store.list(path, { withProperties: true })).sort(byName)
}

async function copyContent(
  from: CopyEnd,
  to: CopyEnd,
  { source, overwrite, check }: CopyJob,
): Promise<t.Entry> {
  const { entry, body } = await from.store.read(from.path)
  const { sizeBytes, mtimeMs, mediaType, checksums } = entry
  const bytes = Buffer.isBuffer(body) ? once(body) : body
  try {
    const conditions = { check, ...(!overwrite && { ifNoneMatch: '*' as const }) }
    const options = { sizeBytes, mtimeMs, mediaType, expected: checksums, conditions }
    const written = await to.store.write(to.path, bytes, options)
    await copyProperties(to, source)
    return written.entry
  } finally {
    if (!Buffer.isBuffer(body)) (body as Readable).destroy()
  }
}

async function copyProperties(to: CopyEnd, { properties = [] }: t.Entry): Promise<void> {
  if (properties.length > 0) await to.store.changeProperties(to.path, properties)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
