import { constants, fstatSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { BadRequestError } from '../../platform/errors.ts'
import type { DiskFacts } from '../catalogue/file-index.ts'
import { mediaTypeOf } from '../entries.ts'
import { checkChecksums } from '../hashing/checksum-types.ts'
import { nameOf } from '../paths.ts'
import type { StagedFile, StorePath, WriteOptions, WriteResult, WriteSource } from '../types.ts'
import { toFacts } from './disk-facts.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { checkTarget, type FinishedFile, type Publisher } from './publisher.ts'
import { overtaken, type SpaceContext } from './space-context.ts'

/** Up to here a refusal after the body costs less than a look before it. */
const SMALL_BYTES = 64 * 1024

/** Writes a file: body beside the tree, all checks, then one rename and one transaction. */
export async function writeLocal(
  space: SpaceContext,
  sync: IndexSync,
  publisher: Publisher,
  { path, source, options }: { path: StorePath; source: WriteSource; options: WriteOptions },
): Promise<WriteResult> {
  checkTime(options.mtimeMs)
  options.signal?.throwIfAborted()
  const declaredBytes = 'staged' in source ? source.staged.sizeBytes : options.sizeBytes
  const isSmall = (declaredBytes ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES
  // What can be refused is refused before the body is taken; the publisher looks once more.
  if (!isSmall) checkTarget(path, await sync.fresh(path), options)
  if ('staged' in source) {
    const staged = await checkStaged(space, source.staged, options)
    return await publisher.publish(finished(path, staged, options))
  }
  return await space.staging.lendForAdoption(async (localPath) => {
    const staged = await onDisk(path, () => space.staging.fill(localPath, source, options))
    return await publisher.publish(finished(path, staged, options))
  })
}

/** Throws `BadRequestError` for what no file system keeps. */
export function checkTime(mtimeMs = 0): void {
  if (Number.isFinite(mtimeMs) && mtimeMs >= 0 && mtimeMs < 1e14) return
  throw new BadRequestError('The modification time is not one a file can have.', { code: 'INVALID_MTIME' })
}

async function checkStaged(
  space: SpaceContext,
  staged: StagedFile,
  options: WriteOptions,
): Promise<StagedFile & { facts: DiskFacts | undefined }> {
  space.staging.checkPlace(staged.localPath)
  const handle = await open(staged.localPath, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    space.staging.checkStaged(handle, options.sizeBytes ?? staged.sizeBytes)
    const wanted = [...Object.keys(options.expected ?? {}), ...space.staging.moreChecksums]
    const isKnown = wanted.every((type) => type in staged.checksums)
    let checksums = staged.checksums
    if (!isKnown) {
      const hash = space.staging.newHash(options.expected)
      for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) hash.update(chunk)
      checksums = hash.checksums()
    }
    checkChecksums(checksums, options.expected)
    await space.staging.finish(handle, options.mtimeMs)
    // An open file is asked at once; by its name it would cost a journey to the thread pool.
    return { ...staged, checksums, facts: toFacts(fstatSync(handle.fd, { bigint: true })) }
  } finally {
    await handle.close()
  }
}

function finished(
  path: StorePath,
  { localPath, checksums, facts }: StagedFile & { facts: DiskFacts | undefined },
  options: WriteOptions,
): FinishedFile {
  if (facts === undefined) throw overtaken(path)
  const mediaType = options.mediaType ?? mediaTypeOf(nameOf(path), 'file')
  return { path, localPath, facts, checksums, mediaType, options }
}
