import { randomUUID } from 'node:crypto'
import { type FileHandle, link, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { BadRequestError, ConflictError, hasErrorCode } from '../../platform/errors.ts'

/** Bytes of one read from the disk. */
const READ_BYTES = 1024 * 1024
/** The folder is looked through for each of them. */
const MAX_STRETCHES = 10_000

/** One stretch of a file that comes in order: named by the offset of its first byte. */
export interface Stretch {
  startsAt: number
  sizeBytes: number
}

/**
 * How far the file has come: the end of the stretch that begins last. Never past the end of the file, though
 * more may have come before its length was told.
 */
export async function endOfStretches(folder: string, lengthBytes = Number.MAX_SAFE_INTEGER): Promise<number> {
  const startsAt = (await startsIn(folder)).at(-1)
  if (startsAt === undefined) return 0
  return Math.min(lengthBytes, startsAt + (await sizeOf(join(folder, `${startsAt}`))))
}

/** A stretch that is being written: nobody sees it before it has its name. */
export interface OpenStretch {
  handle: FileHandle
  /** Gives it its name. Throws `ConflictError` when another writer, of any process, was here first. */
  publish(): Promise<void>
  /** Others may have gone on behind it by now: it stays. */
  isPublished(): boolean
  /** Closes it; one without a name is gone. */
  close(): Promise<void>
}

/** Opens a new stretch. To be closed in any case, and named when it has bytes that may be gone on with. */
export async function openStretch(folder: string, startsAt: number): Promise<OpenStretch> {
  if ((await startsIn(folder)).length >= MAX_STRETCHES) {
    throw new BadRequestError(`An upload has at most ${MAX_STRETCHES} pieces. Send larger ones.`)
  }
  const localPath = join(folder, `${startsAt}`)
  const temporary = join(folder, `.stretch-${randomUUID()}`)
  const handle = await open(temporary, 'wx')
  let isNamed = false
  return {
    handle,
    publish: async () => {
      await linkFree(temporary, localPath)
      isNamed = true
    },
    isPublished: () => isNamed,
    close: async () => {
      await handle.close()
      await unlink(temporary).catch(ignoreAbsence)
    },
  }
}

/** Nothing alive is empty under its name: an empty one is what a power cut left, and gives way. */
async function linkFree(temporary: string, localPath: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      return await link(temporary, localPath)
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error
      if ((await sizeOf(localPath)) > 0) break
      await unlink(localPath).catch(ignoreAbsence)
    }
  }
  throw new ConflictError('Another request writes to this place of the upload. Ask how far it has come.')
}

/** True when nobody went on behind this stretch. */
export async function isLastStretch(folder: string, startsAt: number): Promise<boolean> {
  return (await startsIn(folder)).at(-1) === startsAt
}

/**
 * The stretches that make up a file of this length. One that was written past the beginning of the next
 * counts up to there: whoever wrote the next had been told so; what lies past the end of the file counts not at
 * all. Throws `ConflictError` when bytes are missing.
 */
export async function stretchesOf(folder: string, lengthBytes: number): Promise<Stretch[]> {
  const starts = (await startsIn(folder)).filter((startsAt) => startsAt < lengthBytes)
  const stretches: Stretch[] = []
  for (const [index, startsAt] of starts.entries()) {
    const sizeBytes = (starts[index + 1] ?? lengthBytes) - startsAt
    if (sizeBytes > (await sizeOf(join(folder, `${startsAt}`)))) throw incomplete()
    stretches.push({ startsAt, sizeBytes })
  }
  if (lengthBytes > 0 && starts[0] !== 0) throw incomplete()
  return stretches
}

/** Their bytes, one after the other; memory holds one piece at a time. */
export async function* readStretches(folder: string, stretches: readonly Stretch[]): AsyncGenerator<Buffer> {
  for (const { startsAt, sizeBytes } of stretches) {
    const handle = await open(join(folder, `${startsAt}`), 'r')
    yield* handle.createReadStream({ highWaterMark: READ_BYTES, end: sizeBytes - 1 })
  }
}

async function startsIn(folder: string): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+$/.test(name))
  return names.map(Number).sort((a, b) => a - b)
}

async function sizeOf(localPath: string): Promise<number> {
  return (await stat(localPath).catch(ignoreAbsence))?.size ?? 0
}

function ignoreAbsence(error: unknown): undefined {
  if (!hasErrorCode(error, 'ENOENT')) throw error
}

function incomplete(): ConflictError {
  return new ConflictError('Bytes of this upload are missing on the disk. Begin a new one.')
}
