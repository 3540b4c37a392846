import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../../platform/errors.ts'
import { ContentHash } from '../../../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../../../store/types.ts'
import { PartFile } from '../../executors/part-file.ts'
import { type DeliveryClient, MAX_PIECE_BYTES } from '../wire.ts'
import { DeliveryRefusedError } from './refused.ts'

/** Where the bytes of a lease go. */
export interface Sink {
  /** Bytes taken so far, those of before included. */
  readonly sizeBytes: number
  /** The source began again at its first byte. */
  reset(): Promise<void>
  append(chunk: Uint8Array): Promise<void>
  flush(): Promise<void>
  /** Ends the computation; of a part file that was begun by others and lies elsewhere only that of the rest. */
  checksums(): Promise<Checksums>
  close(): Promise<void>
}

/** The file is not there: this host has another file system under that name than the node. */
export class NotSharedError extends Error {
  override name = 'NotSharedError'
}

/** The bytes could not be brought to the node. */
export class NodeUnreachableError extends Error {
  override name = 'NodeUnreachableError'
}

/** A part file on a file system that the node has too. The node made it; this host must find it. */
export async function openSharedSink(
  path: string,
  keepBytes: number,
  hashes: readonly ChecksumType[],
): Promise<Sink> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined)
    throw new NotSharedError(`The folder of ${path} is not the one that the node has; check --path.`)
  const keep = Math.min(keepBytes, found.size)
  // The node flushes it when it takes it over.
  return PartFile.open(path, keep, { types: hashes, sizeBytes: found.size, isFlushed: false })
}

export interface UploadOptions {
  client: DeliveryClient
  leaseId: string
  session: string
  keepBytes: number
  hashes: readonly ChecksumType[]
  signal: AbortSignal
  /** A request that broke is made again so often. */
  tries?: number
}

/** About half a minute in all: a node that is started anew is back by then. */
const UPLOAD_TRIES = 20
const RETRY_MS = 200
const RETRY_MOST_MS = 2000
const PIECE_BYTES = 4 * 1024 * 1024

/** Sends the bytes to the node, piece by piece; the next one is received while one is on its way. */
export class UploadSink implements Sink {
  private readonly options: UploadOptions
  private hash: ContentHash
  private chunks: Uint8Array[] = []
  private chunkBytes = 0
  private sent: number
  private isAnew = false
  private sending: Promise<void> = Promise.resolve()

  constructor(options: UploadOptions) {
    this.options = options
    this.sent = options.keepBytes
    this.hash = new ContentHash(options.hashes)
  }

  get sizeBytes(): number {
    return this.sent + this.chunkBytes
  }

  async reset(): Promise<void> {
    await this.sending
    this.chunks = []
    this.chunkBytes = this.sent = 0
    this.isAnew = true
    this.hash = new ContentHash(this.options.hashes)
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk)
    this.chunks.push(chunk)
    this.chunkBytes += chunk.length
    if (this.chunkBytes < PIECE_BYTES) return
    await this.sending
    this.start()
  }

  async flush(): Promise<void> {
    await this.sending
    if (this.chunkBytes > 0 || this.isAnew) this.start()
    await this.sending
  }

  async checksums(): Promise<Checksums> {
    return this.hash.checksums()
  }

  async close(): Promise<void> {
    await this.sending.catch(() => undefined)
  }

  private start(): void {
    const bytes = Buffer.concat(this.chunks)
    const offset = this.sent
    const { isAnew } = this
    this.chunks = []
    this.sent += this.chunkBytes
    this.chunkBytes = 0
    this.isAnew = false
    this.sending = this.send(bytes, offset, isAnew)
    this.sending.catch(() => undefined)
  }

  private async send(bytes: Buffer, offset: number, isAnew: boolean): Promise<void> {
    const { client, leaseId, session, signal, tries = UPLOAD_TRIES } = this.options
    let at = 0
    let failures = 0
    while (at < bytes.length || isAnew) {
      signal.throwIfAborted()
      const piece = bytes.subarray(at, at + MAX_PIECE_BYTES)
      try {
        const stands = await client.append(
          leaseId,
          { session, offset: offset + at, isAnew: isAnew && at === 0, bytes: piece },
          signal,
        )
        at = stands - offset
        isAnew = false
        failures = 0
      } catch (error) {
        // What was on its way when a connection broke may have come: the node says how much stands.
        const stands = error instanceof DeliveryRefusedError ? error.standsBytes - offset : Number.NaN
        failures++
        if (stands >= 0 && stands <= bytes.length && failures < tries) at = stands
        else if (error instanceof DeliveryRefusedError || signal.aborted) throw error
        else if (failures >= tries) throw new NodeUnreachableError(messageOf(error))
        else await delay(Math.min(RETRY_MS * failures, RETRY_MOST_MS), undefined, { signal })
      }
    }
  }
}
