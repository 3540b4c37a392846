import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BadRequestError, NotFoundError } from '../../platform/errors.ts'
import { onDisk } from '../local/disk-tree.ts'
import type { WriteOptions } from '../types.ts'
import { findFacts, writeFacts } from './facts-file.ts'
import { checkUploadId } from './names.ts'
import { namesIn } from './names-in.ts'
import { findPartFile, listPartFiles, readPartFiles, writePartFile } from './part-files.ts'
import type { Upload, UploadFacts, UploadPart } from './types.ts'
import { begunAlready, gone, notThere, tooManyUploads } from './upload-errors.ts'
import { isHidden, makeFolder, moveToFree, removeFolder } from './upload-folders.ts'
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
    const names = await namesIn(this.folder)
    if (names.filter((name) => !isHidden(name)).length >= MAX_UPLOADS) throw tooManyUploads(MAX_UPLOADS)
    const fill = (making: string) => writeFacts(making, FACTS_FILE, facts)
    await onDisk([id], () => makeFolder(this.folderOf(id), fill, (making) => this.show(making, id)))
    return this.get(id)
  }

  /** Gives a new upload its name. One whose facts a power cut took gives way: nobody can go on with it. */
  private async show(making: string, id: string): Promise<void> {
    const folder = this.folderOf(id)
    if (await moveToFree(making, folder)) return
    if ((await this.findFacts(id)) !== undefined) throw begunAlready()
    await this.uploads.alone(folder, async () => {
      if ((await this.findFacts(id)) !== undefined) throw begunAlready()
      await removeFolder(folder)
      this.uploads.ledger.forget(this.userId)
      if (!(await moveToFree(making, folder))) throw begunAlready()
    })
  }

  /** Throws `NotFoundError` for one that never was, is finished or expired, or whose facts are lost. */
  async get(id: string): Promise<Upload> {
    checkUploadId(id)
    const stats = await lstat(this.folderOf(id)).catch(() => undefined)
    const facts = stats && (await this.findFacts(id))
    if (stats === undefined || facts === undefined) throw notThere()
    return { id, mtimeMs: stats.mtimeMs, ...facts }
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
    // Without them the parts can never become a file.
    if ((await this.findFacts(id)) === undefined) throw gone()
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

  /** Throws `NotFoundError` when there is none; one whose facts are lost goes as well. */
  async remove(id: string): Promise<void> {
    checkUploadId(id)
    if (!(await removeFolder(this.folderOf(id)))) throw notThere()
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

  private async findFacts(id: string): Promise<UploadFacts | undefined> {
    const facts = await findFacts<UploadFacts>(this.folderOf(id), FACTS_FILE)
    return facts && (facts.totalBytes === undefined ? {} : { totalBytes: facts.totalBytes })
  }
}
