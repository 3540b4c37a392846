import { open } from 'node:fs/promises'
import { BadRequestError } from '../platform/errors.ts'
import { checkConditions } from './conditions.ts'
import { ContentHash, checkChecksums } from './content-hash.ts'
import { factsOf, onDisk } from './disk-tree.ts'
import { mediaTypeOf, parentRowOf, toEntry, wrongKind } from './entries.ts'
import type { DiskFacts, FileRow, FileRowChange } from './file-index.ts'
import { newEtag } from './files-repo.ts'
import type { IndexSync } from './index-sync.ts'
import { nameOf, parentOf } from './paths.ts'
import { changeMembers, newRow, overtaken, type SpaceContext } from './space-context.ts'
import type { Checksums, StagedFile, StorePath, WriteOptions, WriteResult, WriteSource } from './types.ts'

/** A finished file outside the tree, with all that the index will say of it. */
interface FinishedFile {
  localPath: string
  facts: DiskFacts
  mediaType: string
  checksums: Checksums
}

/** Writes a file: body beside the tree, all checks, then one rename and one transaction. */
export async function writeLocal(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  { source, options }: { source: WriteSource; options: WriteOptions },
): Promise<WriteResult> {
  checkTime(options.mtimeMs)
  options.signal?.throwIfAborted()
  checkTarget(path, await sync.fresh(path), options)
  if ('staged' in source) {
    const staged = await checkStaged(space, source.staged, options)
    return await publish(space, sync, path, { file: await finished(path, staged, options), options })
  }
  return await space.staging.lend(async (localPath) => {
    const staged = await onDisk(path, () => space.staging.fill(localPath, source, options))
    const file = await finished(path, staged, options)
    return await publish(space, sync, path, { file, options })
  })
}

/** Whatever can be refused is refused before the body is taken, and once more when it is published. */
function checkTarget(path: StorePath, chain: FileRow[], options: WriteOptions): void {
  parentRowOf(path, chain)
  const present = chain[path.length]
  if (present?.kind === 'folder') throw wrongKind(path, 'folder')
  checkConditions(present, options.conditions)
}

function checkTime(mtimeMs = 0): void {
  if (Number.isFinite(mtimeMs) && mtimeMs >= 0 && mtimeMs < 1e14) return
  throw new BadRequestError('The modification time is not one a file can have.', { code: 'INVALID_MTIME' })
}

async function checkStaged(
  space: SpaceContext,
  staged: StagedFile,
  options: WriteOptions,
): Promise<StagedFile> {
  await space.staging.checkStaged({ ...staged, sizeBytes: options.sizeBytes ?? staged.sizeBytes })
  const handle = await open(staged.localPath, 'r+')
  try {
    const isKnown = Object.keys(options.expected ?? {}).every((type) => type in staged.checksums)
    let checksums = staged.checksums
    if (!isKnown) {
      const hash = new ContentHash(options.expected)
      for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) hash.update(chunk)
      checksums = hash.checksums()
    }
    checkChecksums(checksums, options.expected)
    await space.staging.finish(handle, options.mtimeMs)
    return { ...staged, checksums }
  } finally {
    await handle.close()
  }
}

async function finished(path: StorePath, staged: StagedFile, options: WriteOptions): Promise<FinishedFile> {
  const { localPath, checksums } = staged
  const facts = await factsOf(localPath)
  if (facts === undefined) throw overtaken(path)
  return { localPath, facts, checksums, mediaType: options.mediaType ?? mediaTypeOf(nameOf(path), 'file') }
}

/** Makes a finished file visible. */
async function publish(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  { file, options }: { file: FinishedFile; options: WriteOptions },
): Promise<WriteResult> {
  return await space.queue.run(async () => {
    const chain = await sync.refresh(path)
    checkTarget(path, chain, options)
    options.signal?.throwIfAborted()
    const folder = { path: parentOf(path), row: parentRowOf(path, chain) }
    const folderChange = await onDisk(path, () =>
      changeMembers(space, folder, async () => {
        await space.disk.adopt(file.localPath, path)
        await space.staging.flushFolder(space.disk.localPath(folder.path))
      }),
    )
    return await record(space, path, { file, folderChange })
  })
}

/** The index transaction that follows the rename. */
async function record(
  space: SpaceContext,
  path: StorePath,
  { file, folderChange }: { file: FinishedFile; folderChange: FileRowChange },
): Promise<WriteResult> {
  return await space.index.change(async (index) => {
    const chain = await index.chain(path)
    const parent = parentRowOf(path, chain)
    const present = chain[path.length]
    const { facts, mediaType, checksums } = file
    const row =
      present?.kind === 'file'
        ? { ...present, ...facts, mediaType, checksums, etag: newEtag() }
        : newRow(space, { parentId: parent.id, name: nameOf(path) }, facts, { mediaType, checksums })
    if (present?.kind === 'file') await index.update(row.id, row)
    else await index.insert([row])
    await index.update(parent.id, folderChange)
    const above = chain.slice(0, path.length).map((one) => one.id)
    await index.bump(above, row.sizeBytes - (present?.sizeBytes ?? 0))
    return { entry: toEntry(row), created: present === undefined }
  })
}
