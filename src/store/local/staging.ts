import { fstatSync } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import { BadRequestError, hasErrorCode } from '../../platform/errors.ts'
import { newId, sha256Hex } from '../../platform/ids.ts'
import { ContentHash } from '../../platform/running-hash.ts'
import { ThreadError } from '../../platform/thread-line.ts'
import type { DiskFacts } from '../catalogue/file-index.ts'
import { checkChecksums, typesFor } from '../hashing/checksum-types.ts'
import type { HashThreads } from '../hashing/hash-threads.ts'
import type { Checksums, ChecksumType, StagedFile, WriteOptions } from '../types.ts'
import { abortable } from './abortable.ts'
import { toFacts } from './disk-facts.ts'
import { removeRemains } from './disk-tree.ts'
import { checkLength, pour } from './pour.ts'
import { pourShared } from './pour-shared.ts'
import { SHARED_FROM_BYTES } from './shared-ring.ts'
import { AT_ONCE_BYTES, type SmallWriter } from './small-writer.ts'

/** Leftovers of other machines are ours to remove after this long. */
const FOREIGN_LEFTOVER_MS = 7 * 24 * 3_600_000
const TRANSFERS = 'transfers'

export type FsyncPolicy = 'always' | 'rename' | 'never'
type OpenFile = (path: string, flags: string) => Promise<FileHandle>

export interface StagingOptions {
  fsync: FsyncPolicy
  /** Checksums that are computed beside SHA-256 and Adler-32, and those a client declares. */
  moreChecksums?: readonly ChecksumType[] | undefined
  /** Opens a new file; tests put a full disk here. */
  openFile?: OpenFile
  /** Compute the checksums of large bodies; without them it is done on the main thread. */
  hashThreads?: HashThreads | undefined
  /** Writes small files of a known length; without it they are written like large ones. */
  smallWriter?: SmallWriter | undefined
}

type Filled = StagedFile & { facts: DiskFacts | undefined }

/** Names of running and finished work of this process, to tell it from that of a dead one. */
const host = sha256Hex(hostname()).slice(0, 8)
const prefix = `${host}-${process.pid}-`

/** The folder beside a tree in which files are written before they appear in it. */
export class Staging {
  private readonly folder: string
  private readonly fsync: FsyncPolicy
  /** What is computed for every file of this tree beside the usual. */
  readonly moreChecksums: readonly ChecksumType[]
  private readonly openFile: OpenFile
  private readonly hashThreads: HashThreads | undefined
  private readonly smallWriter: SmallWriter | undefined
  private readonly active = new Set<string>()

  constructor(folder: string, options: StagingOptions) {
    this.folder = folder
    this.fsync = options.fsync
    this.moreChecksums = options.moreChecksums ?? []
    this.openFile = options.openFile ?? ((path, flags) => open(path, flags))
    this.hashThreads = options.hashThreads
    this.smallWriter = options.smallWriter
  }

  /** Where transfers stage; they sweep it themselves. */
  get transfersFolder(): string {
    return join(this.folder, TRANSFERS)
  }

  async create(): Promise<void> {
    await mkdir(this.transfersFolder, { recursive: true })
  }

  /** Lends a fresh local path; whatever is left there when `work` ends is removed. */
  async lend<T>(work: (localPath: string) => Promise<T>): Promise<T> {
    return await this.lendForAdoption(async (localPath) => {
      const result = await work(localPath)
      await removeRemains(localPath)
      return result
    })
  }

  /** The same for a file that is gone from there when `work` succeeds: adopted by rename. */
  async lendForAdoption<T>(work: (localPath: string) => Promise<T>): Promise<T> {
    const name = prefix + newId()
    const localPath = join(this.folder, name)
    this.active.add(name)
    try {
      return await work(localPath)
    } catch (error) {
      await removeRemains(localPath)
      throw error
    } finally {
      this.active.delete(name)
    }
  }

  /** Throws `BadRequestError` when a file offered for adoption does not lie in this folder. */
  checkPlace(localPath: string): void {
    if (!localPath.startsWith(this.folder + sep) || localPath.split(sep).includes('..')) {
      throw new BadRequestError('The staged file does not lie in the staging folder of the destination.')
    }
  }

  /** Throws `BadRequestError` when it is not a complete file. */
  checkStaged({ fd }: FileHandle, sizeBytes: number): void {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new BadRequestError('What was staged is not an ordinary file.')
    checkLength(stats.size, sizeBytes)
  }

  /** Writes a whole body to a new file: length and checksums checked, time set, flushed by policy. */
  async fill(localPath: string, source: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Filled> {
    const { smallWriter } = this
    if (smallWriter !== undefined && (options.sizeBytes ?? Infinity) <= AT_ONCE_BYTES)
      return await this.fillAtOnce(localPath, source, { ...options, smallWriter })
    return await this.fillPiecewise(localPath, source, options)
  }

  private async fillPiecewise(
    localPath: string,
    source: AsyncIterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<Filled> {
    const handle = await this.openFile(localPath, 'wx')
    try {
      const { sizeBytes, checksums } = await this.pour(abortable(source, options.signal), handle, options)
      checkLength(sizeBytes, options.sizeBytes ?? sizeBytes)
      checkChecksums(checksums, options.expected)
      await this.finish(handle, options.mtimeMs)
      // An open file is asked at once; by its name it would cost a journey to the thread pool.
      const facts = toFacts(fstatSync(handle.fd, { bigint: true }))
      return { localPath, sizeBytes, checksums, facts }
    } finally {
      await handle.close()
    }
  }

  /** The same for a small body, which is looked at as a whole before anything is written. */
  private async fillAtOnce(
    localPath: string,
    source: AsyncIterable<Uint8Array>,
    options: WriteOptions & { smallWriter: SmallWriter },
  ): Promise<Filled> {
    const { sizeBytes: declaredBytes = 0, expected, mtimeMs, signal, smallWriter } = options
    const chunks: Uint8Array[] = []
    const hash = this.newHash(expected)
    let sizeBytes = 0
    for await (const chunk of abortable(source, signal)) {
      sizeBytes += chunk.length
      if (sizeBytes > declaredBytes) checkLength(sizeBytes, declaredBytes)
      hash.update(chunk)
      chunks.push(chunk)
    }
    checkLength(sizeBytes, declaredBytes)
    const checksums = hash.checksums()
    checkChecksums(checksums, expected)
    const isFlushed = this.fsync !== 'never'
    try {
      const facts = await smallWriter.write({ localPath, chunks, sizeBytes, mtimeMs, isFlushed })
      return { localPath, sizeBytes, checksums, facts }
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error
      // A machine that has no room for the thread, or where it ended.
      await removeRemains(localPath)
      return await this.fillPiecewise(localPath, Readable.from(chunks), options)
    }
  }

  /** The bytes of a body to their file, with the checksums computed on the way. */
  private async pour(
    source: AsyncIterable<Uint8Array>,
    handle: FileHandle,
    { expected, sizeBytes: declaredBytes }: WriteOptions,
  ): Promise<{ sizeBytes: number; checksums: Checksums }> {
    const how = { declaredBytes, isFlushed: this.fsync !== 'never' }
    if (this.hashThreads !== undefined && (declaredBytes ?? 0) >= SHARED_FROM_BYTES) {
      const types = typesFor(expected, this.moreChecksums)
      const poured = await pourShared(source, handle, { threads: this.hashThreads, types }, how)
      if (poured !== undefined) return poured
    }
    const hash = this.newHash(expected)
    const sizeBytes = await pour(source, handle, hash, how)
    return { sizeBytes, checksums: hash.checksums() }
  }

  /** The checksums to compute for a file of this tree. */
  newHash(expected?: Checksums): ContentHash {
    return new ContentHash(typesFor(expected, this.moreChecksums))
  }

  /** Sets the time of a finished file and flushes it by policy. */
  async finish(handle: FileHandle, mtimeMs: number | undefined): Promise<void> {
    if (mtimeMs !== undefined) await handle.utimes(mtimeMs / 1_000, mtimeMs / 1_000)
    if (this.fsync !== 'never') await handle.sync()
  }

  /** Flushes a folder whose members changed, when the policy asks for it. */
  async flushFolder(localPath: string): Promise<void> {
    if (this.fsync !== 'always') return
    const handle = await open(localPath, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** Removes what dead processes left behind; returns how many. Staged transfers stay. */
  async sweep(nowMs: number): Promise<number> {
    let removed = 0
    for (const name of await readdir(this.folder)) {
      if (name === TRANSFERS || this.active.has(name)) continue
      if (!(await this.isLeftover(name, nowMs))) continue
      await removeRemains(join(this.folder, name))
      removed++
    }
    return removed
  }

  private async isLeftover(name: string, nowMs: number): Promise<boolean> {
    const [, owner, pid] = /^([0-9a-f]{8})-(\d+)-/.exec(name) ?? []
    if (owner === host) return Number(pid) === process.pid || !isRunning(Number(pid))
    const stats = await lstat(join(this.folder, name)).catch(() => undefined)
    return stats !== undefined && stats.mtimeMs < nowMs - FOREIGN_LEFTOVER_MS
  }
}

/** Signal 0 asks whether a process exists; EPERM means that it does. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return hasErrorCode(error, 'EPERM')
  }
}
