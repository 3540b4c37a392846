import type { DiskFacts, FileIndex, FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { checkConditions } from '../conditions.ts'
import { parentRowOf, toEntry, wrongKind } from '../entries.ts'
import { type KeptVersion, keepVersion, recordVersion } from '../kept/keep-version.ts'
import { formatPath, nameOf, parentOf } from '../paths.ts'
import type { Checksums, ChecksumType, StorePath, WriteOptions, WriteResult } from '../types.ts'
import { onDisk, removeRemains } from './disk-tree.ts'
import { compare, type IndexSync } from './index-sync.ts'
import { changeMembers, newRow, overtaken, type SpaceContext } from './space-context.ts'

/** Most files that appear together: the others of the space wait no longer than for so many renames. */
const MAX_GROUP = 64

/** A finished file outside the tree, with all that the index will say of it. */
export interface FinishedFile {
  path: StorePath
  localPath: string
  facts: DiskFacts
  mediaType: string
  checksums: Checksums
  options: WriteOptions
}

interface Waiting {
  file: FinishedFile
  resolve(result: WriteResult): void
  reject(error: unknown): void
  /** What stands in its place, once it was looked at. */
  present?: FileRow | undefined
}

/** Throws what refuses a write: no folder, a folder in its place, conditions that do not hold. */
export function checkTarget(path: StorePath, chain: FileRow[], options: WriteOptions): void {
  parentRowOf(path, chain)
  const present = chain[path.length]
  if (present?.kind === 'folder') throw wrongKind(path, 'folder')
  checkConditions(present, options.conditions)
}

/**
 * Makes finished files visible. Those that are ready at the same time in one folder share one turn in
 * the space's queue, one flush of the folder and one transaction; each is still judged, and fails, alone.
 */
export class Publisher {
  private readonly space: SpaceContext
  private readonly sync: IndexSync
  private waiting: Waiting[] = []
  private hasTurn = false

  constructor(space: SpaceContext, sync: IndexSync) {
    this.space = space
    this.sync = sync
  }

  /** Resolves when the file is in the tree and in the index. */
  publish(file: FinishedFile): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ file, resolve, reject })
      this.takeTurn()
    })
  }

  private takeTurn(): void {
    if (this.hasTurn || this.waiting.length === 0) return
    this.hasTurn = true
    const turn = this.space.queue.run(async () => {
      this.hasTurn = false
      const group = this.nextGroup()
      this.takeTurn()
      // One error for all is what the disk or the database said; what concerns one file was told to it.
      await this.publishGroup(group).catch((error) => {
        for (const { reject } of group) reject(error)
      })
    })
    turn.catch(() => undefined)
  }

  /** The next one, and what else waits for the same folder under other names. */
  private nextGroup(): Waiting[] {
    const group: Waiting[] = []
    const names = new Set<string>()
    const rest: Waiting[] = []
    const folder = formatPath(parentOf(this.waiting[0]?.file.path ?? []))
    for (const one of this.waiting) {
      const { path } = one.file
      const fits =
        group.length < MAX_GROUP && !names.has(nameOf(path)) && formatPath(parentOf(path)) === folder
      if (fits) names.add(nameOf(path))
      ;(fits ? group : rest).push(one)
    }
    this.waiting = rest
    return group
  }

  private async publishGroup(group: Waiting[]): Promise<void> {
    const folder = parentOf((group[0] as Waiting).file.path)
    const judged = await this.judge(folder, group)
    if (judged.row === undefined) return
    const { row, allowed } = judged
    const adopted: Waiting[] = []
    const versions: (KeptVersion | undefined)[] = []
    const folderChange = await onDisk(folder, () =>
      changeMembers(this.space, { path: folder, row }, async () => {
        await each(allowed, async (one) => {
          const { path, localPath } = one.file
          await onDisk(path, async () => {
            const version = await keepVersion(this.space, path, one.present)
            await this.space.disk.adopt(localPath, path)
            versions.push(version)
          })
          adopted.push(one)
        })
        if (adopted.length > 0) await this.space.staging.flushFolder(this.space.disk.localPath(folder))
      }),
    )
    if (adopted.length === 0) return
    const results = await this.space.index.change((index) =>
      record(this.space, index, { folder, folderChange, versions, files: adopted.map((one) => one.file) }),
    )
    adopted.forEach((one, index) => {
      one.resolve(results[index] as WriteResult)
    })
  }

  /** Refuses those whose conditions do not hold; the row of the folder when any is left. */
  private async judge(folder: StorePath, group: Waiting[]) {
    const chain = await this.sync.refresh(folder)
    const known = await this.known(chain[folder.length], group)
    const found = await Promise.all(group.map(({ file }) => this.space.disk.hotFacts(file.path)))
    const allowed: Waiting[] = []
    for (const [index, one] of group.entries()) {
      const { path, options } = one.file
      const row = known.get(nameOf(path))
      try {
        const now = isTrue(row, found[index])
          ? [...chain, ...(row ? [row] : [])]
          : await this.sync.refresh(path)
        checkTarget(path, now, options)
        one.present = now[path.length]
        const change = { put: { scope: this.space.id, path }, isNew: one.present === undefined }
        await options.conditions?.check?.(change)
        options.signal?.throwIfAborted()
        if (isSame(one)) await this.leave(one)
        else allowed.push(one)
      } catch (error) {
        one.reject(error)
      }
    }
    return { row: allowed.length === 0 ? undefined : chain[folder.length], allowed }
  }

  /** Clients send a file twice, even at once: a new etag would make them fetch what they sent. */
  private async leave({ file, present, resolve }: Waiting): Promise<void> {
    await removeRemains(file.localPath)
    resolve({ entry: toEntry(present as FileRow), created: false })
  }

  private async known(folder: FileRow | undefined, group: Waiting[]): Promise<Map<string, FileRow>> {
    if (folder === undefined) return new Map()
    const names = group.map(({ file }) => nameOf(file.path))
    return byNames(await this.space.index.named(folder.id, names))
  }
}

/** Runs `work` for all at once; whose work fails is told so, and the others go on. */
async function each(group: Waiting[], work: (one: Waiting) => Promise<void>): Promise<void> {
  await Promise.all(group.map((one) => work(one).catch((error) => one.reject(error))))
}

/** True when the client names the time of the file, and time, content and checksums are those that are there. */
function isSame({ file: { facts, checksums, mediaType, options }, present }: Waiting): boolean {
  if (options.mtimeMs === undefined || present?.kind !== 'file' || checksums.sha256 === undefined)
    return false
  if (present.mtimeMs !== facts.mtimeMs || present.sizeBytes !== facts.sizeBytes) return false
  const types = Object.keys(checksums) as ChecksumType[]
  return present.mediaType === mediaType && types.every((type) => checksums[type] === present.checksums[type])
}

/** False when somebody else changed what lies there: that is taken over first. */
function isTrue(row: FileRow | undefined, facts: DiskFacts | undefined): boolean {
  if (row === undefined || facts === undefined) return row === undefined && facts === undefined
  return compare(row, facts) === 'same'
}

function byNames(rows: FileRow[]): Map<string, FileRow> {
  return new Map(rows.map((row) => [row.name, row]))
}

interface Recorded {
  folder: StorePath
  folderChange: FileRowChange
  files: FinishedFile[]
  versions: (KeptVersion | undefined)[]
}

/** The index transaction that follows the renames. */
async function record(
  space: SpaceContext,
  index: FileIndex,
  { folder, folderChange, files, versions }: Recorded,
): Promise<WriteResult[]> {
  const chain = await index.chain(folder)
  const parent = chain[folder.length]
  if (parent?.kind !== 'folder') throw overtaken(folder)
  const names = files.map(({ path }) => nameOf(path))
  const known = byNames(await index.named(parent.id, names))
  const added: FileRow[] = []
  const results: WriteResult[] = []
  let deltaBytes = 0
  for (const { path, facts, mediaType, checksums } of files) {
    const present = known.get(nameOf(path))
    if (present?.kind === 'folder') throw overtaken(path)
    const place = { parentId: parent.id, name: nameOf(path) }
    const row =
      present === undefined
        ? newRow(space, place, facts, { mediaType, checksums })
        : { ...present, ...facts, mediaType, checksums, etag: newEtag() }
    if (present === undefined) added.push(row)
    else await index.update(row.id, { ...facts, mediaType, checksums, etag: row.etag })
    deltaBytes += row.sizeBytes - (present?.sizeBytes ?? 0)
    results.push({ entry: toEntry(row), created: present === undefined })
  }
  await index.insert(added)
  for (const version of versions) await recordVersion(space, index, version)
  await index.update(parent.id, folderChange)
  const above = chain.map((one) => one.id)
  await index.bump(above, deltaBytes)
  return results
}
