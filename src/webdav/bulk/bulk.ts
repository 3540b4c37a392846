import { AppError } from '../../platform/errors.ts'
import type { DavAnswer, DavCall } from '../call.ts'
import { type BulkFile, type BulkReply, parseBulkFile, toBulkError, writeBulkFile } from './bulk-file.ts'
import { type MultipartPart, parseBoundary, readMultipart } from './multipart.ts'

/** Files up to here are held in memory, so that several can be written while the next ones come. */
const SMALL_BYTES = 256 * 1024
const MAX_RUNNING = 16

/**
 * POST: many small files in one request (`multipart/related`), an answer for each of them. A fault of one
 * file is its own; only what is no multipart at all ends the request.
 */
export async function bulkUpload(call: DavCall): Promise<DavAnswer> {
  const boundary = parseBoundary(call.header('content-type'))
  const batch = new Batch(call)
  try {
    for await (const part of readMultipart(call.body.accept(), boundary)) await batch.take(part)
  } finally {
    await batch.idle()
  }
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
    body: JSON.stringify(Object.fromEntries(batch.replies)),
  }
}

/** The files of one request: a few small ones are written at a time, two of one name one after the other. */
class Batch {
  readonly replies = new Map<string, BulkReply>()
  private readonly call: DavCall
  private readonly running = new Map<string, Promise<void>>()

  constructor(call: DavCall) {
    this.call = call
  }

  async take({ headers, body }: MultipartPart): Promise<void> {
    const name = headers.get('x-file-path') ?? ''
    let file: BulkFile
    try {
      file = parseBulkFile(this.call, headers, body.sizeBytes)
    } catch (error) {
      this.fail(name, error)
      return
    }
    const key = file.path.join('/')
    await this.running.get(key)
    if (body.sizeBytes > SMALL_BYTES) {
      await this.write(name, file, body)
      return
    }
    const content = await collect(body)
    while (this.running.size >= MAX_RUNNING) await Promise.race(this.running.values())
    const writing = this.write(name, file, once(content)).finally(() => this.running.delete(key))
    this.running.set(key, writing)
  }

  /** Resolves when everything that was taken is written or refused. */
  async idle(): Promise<void> {
    await Promise.all(this.running.values())
  }

  private async write(name: string, file: BulkFile, body: AsyncIterable<Buffer>): Promise<void> {
    try {
      this.replies.set(name, await writeBulkFile(this.call, file, body))
    } catch (error) {
      this.fail(name, error)
    }
  }

  /** Never throws for one file, so that the others go on; a failure of ours shows in the log. */
  private fail(name: string, error: unknown): void {
    const isOurs = !(error instanceof AppError) && !this.call.signal.aborted
    if (isOurs) this.call.context.onFailure(error)
    this.replies.set(name, toBulkError(error))
  }
}

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  if (content.length > 0) yield content
}
