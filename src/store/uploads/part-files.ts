import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '../../platform/errors.ts'
import { checkChecksums, hashOfDeclared } from '../hashing/checksum-types.ts'
import { checkLength, pour } from '../local/pour.ts'
import type { WriteOptions } from '../types.ts'
import type { UploadPart } from './types.ts'
import { gone } from './upload-errors.ts'

/** Bytes of one read from the disk. */
const READ_BYTES = 1024 * 1024
const NO_HASH = { update: () => undefined }

/**
 * Writes one part: under a name of its own until it is complete, so that a part is there as a whole or not
 * at all. Not flushed: what a power cut takes shows in the length and the checksum of the whole.
 */
export async function writePartFile(
  folder: string,
  number: number,
  source: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<number> {
  const temporary = join(folder, `.part-${randomUUID()}`)
  try {
    const handle = await open(temporary, 'wx')
    let sizeBytes: number
    try {
      sizeBytes = await fill(handle, source, options)
    } finally {
      await handle.close()
    }
    await rename(temporary, join(folder, `${number}`))
    return sizeBytes
  } catch (error) {
    await rm(temporary, { force: true })
    throwGone(error)
  }
}

/** Hashed only when a checksum was declared: the whole is hashed when it is put together. */
async function fill(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  { expected, sizeBytes: declaredBytes }: WriteOptions,
): Promise<number> {
  const hash = expected === undefined ? undefined : hashOfDeclared(expected)
  const sizeBytes = await pour(source, handle, hash ?? NO_HASH, { declaredBytes, isFlushed: false })
  checkLength(sizeBytes, declaredBytes ?? sizeBytes)
  if (hash !== undefined) checkChecksums(hash.checksums(), expected)
  return sizeBytes
}

/** The parts in a folder, by number. */
export async function listPartFiles(folder: string): Promise<UploadPart[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+$/.test(name))
  const parts = await Promise.all(names.map((name) => findPartFile(folder, Number(name))))
  return parts.filter((part) => part !== undefined).sort((a, b) => a.number - b.number)
}

export async function findPartFile(folder: string, number: number): Promise<UploadPart | undefined> {
  try {
    const { size: sizeBytes, mtimeMs } = await stat(join(folder, `${number}`))
    return { number, sizeBytes, mtimeMs }
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** The bytes of all parts, one after the other; memory holds one piece at a time. */
export async function* readPartFiles(folder: string, parts: readonly UploadPart[]): AsyncGenerator<Buffer> {
  for (const { number } of parts) {
    const handle = await open(join(folder, `${number}`), 'r').catch(throwGone)
    yield* handle.createReadStream({ highWaterMark: READ_BYTES })
  }
}

function throwGone(error: unknown): never {
  throw hasErrorCode(error, 'ENOENT') ? gone() : error
}
