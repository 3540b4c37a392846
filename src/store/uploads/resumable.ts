import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { hasErrorCode } from '../../platform/errors.ts'
import { newSecret } from '../../platform/ids.ts'
import { onDisk } from '../local/disk-tree.ts'
import { appendStretch } from './append-stretch.ts'
import { findFacts, writeFacts } from './facts-file.ts'
import { FinishedUploads } from './finished-uploads.ts'
import { endOfStretches, readStretches, stretchesOf } from './resumable-parts.ts'
import type { AppendOptions, FinishedUpload, ResumableFacts, ResumableUpload } from './resumable-types.ts'
import { isBeingFinished, Turns } from './turns.ts'
import { notThere, wrongOffset } from './upload-errors.ts'
import { touchFolder } from './upload-folders.ts'
import { UPLOAD_LIFE_MS, type Uploads } from './uploads.ts'

/** Beside the bytes: what will become of them. */
const FACTS_FILE = '.resumable.json'
const ID_FORM = /^tus-[A-Za-z0-9_-]{43}$/

/**
 * Uploads that can be broken off anywhere and gone on with (tus). They lie where the uploads in parts lie,
 * count against the same limit and expire like them; the disk says how far they have come, so that nothing
 * that arrived is lost with the process. Ids cannot be guessed, and are good for their owner only.
 */
export class Resumables {
  private readonly uploads: Uploads
  private readonly clock: Clock
  private readonly turns = new Turns()
  private readonly finished: FinishedUploads

  constructor(uploads: Uploads, clock: Clock) {
    this.uploads = uploads
    this.clock = clock
    this.finished = new FinishedUploads(uploads.events)
  }

  /** An id for an upload that will not need a place on the disk. */
  newId(): string {
    return `tus-${newSecret(32)}`
  }

  static isId(text: string): boolean {
    return ID_FORM.test(text)
  }

  async create(userId: string, facts: ResumableFacts): Promise<ResumableUpload> {
    const id = this.newId()
    const area = this.uploads.areaOf(userId)
    await area.create(id, {})
    await this.writeFacts(userId, id, facts).catch(async (error: unknown) => {
      await area.remove(id).catch(() => undefined)
      throw error
    })
    return this.get(userId, id)
  }

  /** Undefined as well when its facts are lost: the client begins anew then. */
  async find(userId: string, id: string): Promise<ResumableUpload | undefined> {
    if (!Resumables.isId(id)) return undefined
    const folder = this.folderOf(userId, id)
    try {
      const facts = await findFacts<ResumableFacts>(folder, FACTS_FILE)
      if (facts === undefined) return undefined
      const offsetBytes = await endOfStretches(folder, facts.lengthBytes)
      const expiresAtMs = (await lstat(folder)).mtimeMs + UPLOAD_LIFE_MS
      return { userId, id, facts, offsetBytes, expiresAtMs }
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) return undefined
      throw error
    }
  }

  /** Throws `NotFoundError` for one that never was, is finished, given up or expired. */
  async get(userId: string, id: string): Promise<ResumableUpload> {
    const upload = await this.find(userId, id)
    if (upload === undefined) throw notThere()
    return upload
  }

  /** The same when nobody is writing: a request that still does is ended, what it brought is kept. */
  async getAtRest(userId: string, id: string): Promise<ResumableUpload> {
    await this.turns.endOthers(this.folderOf(userId, id))
    return this.get(userId, id)
  }

  /** The client knows now how long the file is. */
  async setLength(upload: ResumableUpload, lengthBytes: number): Promise<void> {
    await this.writeFacts(upload.userId, upload.id, { ...upload.facts, lengthBytes })
  }

  /**
   * Writes what comes behind what is there, until it ends or breaks off; what arrived stays. A request
   * that still writes to the same upload is ended first. Throws `ConflictError` when `offsetBytes` is not
   * where the upload ends, `LockedError` when another request took over or the file is being finished.
   */
  async append(
    { userId, id }: ResumableUpload,
    offsetBytes: number,
    source: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<ResumableUpload> {
    const folder = this.folderOf(userId, id)
    await this.turns.take(folder, async (ended) => {
      const { offsetBytes: endsAt, facts } = await this.get(userId, id)
      if (endsAt !== offsetBytes) throw wrongOffset(endsAt)
      const maxBytes = (facts.lengthBytes ?? Number.MAX_SAFE_INTEGER) - endsAt
      const place = { folder, userId, startsAt: endsAt, ledger: this.uploads.ledger }
      const touch = () => touchFolder(folder, this.clock.nowMs())
      await onDisk([id], () => appendStretch(place, source, { ...options, maxBytes, ended, touch }))
    })
    return this.get(userId, id)
  }

  /** Hands the whole over to `take`, then removes it; when `take` throws it stays. */
  async finish<T>(
    { userId, id }: ResumableUpload,
    lengthBytes: number,
    take: (body: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    const folder = this.folderOf(userId, id)
    const area = this.uploads.areaOf(userId)
    const work = async () => {
      await this.get(userId, id)
      const result = await take(readStretches(folder, await stretchesOf(folder, lengthBytes)))
      // The file is there: bytes that will not go now go when they expire.
      await area.remove(id).catch(() => undefined)
      return result
    }
    return this.turns.takeFirmly(folder, () => this.uploads.aloneInNode(folder, work, isBeingFinished))
  }

  async remove(userId: string, id: string): Promise<void> {
    await this.turns.take(this.folderOf(userId, id), () => this.uploads.areaOf(userId).remove(id))
  }

  /** A client that did not get the last answer asks once more, and must not send everything again. */
  rememberFinished(userId: string, id: string, finished: FinishedUpload): void {
    this.finished.remember(userId, id, finished)
  }

  findFinished(userId: string, id: string): FinishedUpload | undefined {
    return this.finished.find(userId, id)
  }

  private folderOf(userId: string, id: string): string {
    return join(this.uploads.folder, userId, id)
  }

  private async writeFacts(userId: string, id: string, facts: ResumableFacts): Promise<void> {
    await onDisk([id], () => writeFacts(this.folderOf(userId, id), FACTS_FILE, facts))
  }
}
