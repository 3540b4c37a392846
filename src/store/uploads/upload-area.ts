import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BadRequestError,
  hasErrorCode,
  InsufficientStorageError,
  MethodNotAllowedError,
  NotFoundError,
} from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { onDisk } from '../local/disk-tree.ts'
import type { WriteOptions } from '../types.ts'
import { checkUploadId } from './names.ts'
import { namesIn } from './names-in.ts'
import { findPartFile, listPartFiles, readPartFiles, writePartFile } from './part-files.ts'
import type { Upload, UploadFacts, UploadPart } from './types.ts'
import type { Uploads } from './uploads.ts'

const MAX_UPLOADS = 256
const MAX_PARTS = 10_000
/** Beside the parts: what the client said when it began. */
const FACTS_FILE = '.facts.json'

/** One user's unfinished uploads. Nobody else's can be reached from here. */
export class UploadArea {
  readonly userId: string
  private readonly uploads: Uploads
  private readonly folder: string

  constructor(uploads: Uploads, userId: string) {
    this.uploads = uploads
    this.userId = userId
    this.folder = join(uploads.folder, userId)
  }

  /** Throws `MethodNotAllowedError` when there is one with this id, `BadRequestError` for an impossible id. */
  async create(id: string, facts: UploadFacts): Promise<Upload> {
    checkUploadId(id)
    if ((await namesIn(this.folder)).length >= MAX_UPLOADS) {
      throw new InsufficientStorageError(`You have ${MAX_UPLOADS} unfinished uploads; finish or delete some.`)
    }
    await onDisk([id], async () => {
      const folder = this.folderOf(id)
      await mkdir(this.folder, { recursive: true, mode: 0o750 })
      await mkdir(folder, { mode: 0o750 }).catch((error: unknown) => {
        if (hasErrorCode(error, 'EEXIST')) throw new MethodNotAllowedError('This upload was begun already.')
        throw error
      })
      await writeFile(join(folder, FACTS_FILE), JSON.stringify(facts), { flag: 'wx' })
    })
    return this.get(id)
  }

  /** Throws `NotFoundError` for one that never was, is finished or expired. */
  async get(id: string): Promise<Upload> {
    checkUploadId(id)
    const stats = await lstat(this.folderOf(id)).catch(() => undefined)
    if (stats === undefined) throw new NotFoundError('There is no such upload; it may have expired.')
    return { id, mtimeMs: stats.mtimeMs, ...(await this.factsOf(id)) }
  }

  async list(): Promise<Upload[]> {
    const found = await Promise.all(
      (await namesIn(this.folder)).map((id) => this.get(id).catch(() => undefined)),
    )
    return found.filter((upload) => upload !== undefined)
  }

  /** In the order in which they make up the file. */
  async parts(id: string): Promise<UploadPart[]> {
    await this.get(id)
    return onDisk([id], () => listPartFiles(this.folderOf(id)))
  }

  async findPart(id: string, number: number): Promise<UploadPart | undefined> {
    checkUploadId(id)
    return findPartFile(this.folderOf(id), number)
  }

  /**
   * Writes or replaces a part; `limitBytes` is what all unfinished uploads of the user may hold. Throws
   * `ConflictError` when the upload is gone, `BadRequestError` for a body that is not what was declared.
   */
  async writePart(
    id: string,
    number: number,
    source: AsyncIterable<Uint8Array>,
    options: WriteOptions & { limitBytes: number },
  ): Promise<UploadPart> {
    checkUploadId(id)
    const folder = this.folderOf(id)
    const replaced = await findPartFile(folder, number)
    if (replaced === undefined && (await namesIn(folder)).length > MAX_PARTS) {
      throw new BadRequestError(`An upload has at most ${MAX_PARTS} parts. Send larger ones.`)
    }
    const { ledger } = this.uploads
    const body = ledger.counted(this.userId, source, options.limitBytes + (replaced?.sizeBytes ?? 0))
    const sizeBytes = await onDisk([id], () => writePartFile(folder, number, body, options))
    ledger.add(this.userId, -(replaced?.sizeBytes ?? 0))
    return { number, sizeBytes, mtimeMs: (await findPartFile(folder, number))?.mtimeMs ?? 0 }
  }

  async removePart(id: string, number: number): Promise<void> {
    const part = await this.findPart(id, number)
    if (part === undefined) throw new NotFoundError('There is no such part.')
    await rm(join(this.folderOf(id), `${number}`), { force: true })
    this.uploads.ledger.add(this.userId, -part.sizeBytes)
  }

  /** Out of sight at once, then off the disk. */
  async remove(id: string): Promise<void> {
    await this.get(id)
    const leaving = join(this.folder, `.${newId()}`)
    await rename(this.folderOf(id), leaving).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ENOENT')) throw error
    })
    await rm(leaving, { recursive: true, force: true })
    this.uploads.ledger.forget(this.userId)
  }

  /** Hands the whole over to `take`, then removes the parts; when `take` throws they stay. */
  async assemble<T>(
    id: string,
    take: (parts: readonly UploadPart[], body: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    checkUploadId(id)
    const folder = this.folderOf(id)
    return this.uploads.alone(folder, async () => {
      const parts = await this.parts(id)
      const result = await take(parts, readPartFiles(folder, parts))
      // The file is there: parts that will not go now go when they expire.
      await this.remove(id).catch(() => undefined)
      return result
    })
  }

  usedBytes(): Promise<number> {
    return this.uploads.ledger.bytesOf(this.userId)
  }

  private folderOf(id: string): string {
    return join(this.folder, id)
  }

  private async factsOf(id: string): Promise<UploadFacts> {
    const text = await readFile(join(this.folderOf(id), FACTS_FILE), 'utf8').catch(() => '{}')
    const { totalBytes } = JSON.parse(text) as UploadFacts
    return totalBytes === undefined ? {} : { totalBytes }
  }
}
