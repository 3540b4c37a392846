import type { Readable } from 'node:stream'
import { toHttpDate } from '../platform/http-date.ts'
import { type Checksums, compareChecksums, findDifference, Hasher } from './checksums.ts'
import type { CopiedFile, CopyItem, CopyOptions } from './copy.ts'
import { forEachParallel } from './copy-many.ts'
import { typesToCompute } from './copy-terms.ts'
import { hangUp } from './dav-http.ts'
import type { Drive } from './drive.ts'
import { CliError } from './exit.ts'
import { formatBytes } from './format.ts'
import { publishLocal, toLocalError } from './local-tree.ts'
import { toNetworkError } from './network-error.ts'
import { PartFile } from './part-file.ts'

/** From here on a broken download is worth keeping, and several connections are worth opening. */
export const LARGE_DOWNLOAD_BYTES = 8 * 1024 * 1024
/** One request of several connections. */
const PIECE_BYTES = 8 * 1024 * 1024

/** A large file from a server to this disk: goes on where an earlier attempt ended. */
export async function download(
  item: CopyItem,
  options: CopyOptions,
  { drive, localPath }: { drive: Drive; localPath: string },
): Promise<CopiedFile> {
  const { entry, source } = item
  const version = [drive.urlOf(source.path), entry.sizeBytes, entry.etag ?? entry.mtimeMs]
  const part = await PartFile.claim(localPath, version, options.terms.resume)
  const run = new Download({ item, options, drive, part })
  try {
    const checksums = await run.fetch()
    const { executable, readOnly, present } = options.terms
    await part.handle.close()
    const modes = { executable, readOnly, overwrite: present === 'replace' }
    await publishLocal(part.path, localPath, { ...modes, mtimeMs: entry.mtimeMs })
    return {
      source: source.tree.nameOf(source.path),
      target: item.target.tree.nameOf(item.target.path),
      sizeBytes: part.sizeBytes,
      checksums,
      verified: compareChecksums(checksums, run.expected) === true,
    }
  } catch (error) {
    throw await endBadly(part, error, localPath, options)
  }
}

/** Bytes that are merely incomplete are kept; wrong ones are not. */
async function endBadly(
  part: PartFile,
  error: unknown,
  localPath: string,
  { terms, signal }: CopyOptions,
): Promise<unknown> {
  const reason = error instanceof Error ? toLocalError(localPath, toNetworkError('the server', error)) : error
  const isCut =
    signal.aborted || (reason instanceof CliError && /^(UNREACHABLE|TRUNCATED|HTTP_5\d\d)$/.test(reason.code))
  if (!isCut || !terms.resume) {
    await part.drop()
    return reason
  }
  const isKept = await part.keep()
  if (!isKept || !(reason instanceof CliError)) return reason
  const remark = `${formatBytes(part.sizeBytes)} are kept; the same command goes on from there.`
  const { code, status } = reason
  return new CliError(`${reason.message} ${remark}`, {
    code,
    cause: reason,
    ...(status === undefined ? {} : { status }),
  })
}

class Download {
  readonly expected: Checksums
  private readonly item: CopyItem
  private readonly options: CopyOptions
  private readonly drive: Drive
  private readonly part: PartFile

  constructor(parts: { item: CopyItem; options: CopyOptions; drive: Drive; part: PartFile }) {
    this.item = parts.item
    this.options = parts.options
    this.drive = parts.drive
    this.part = parts.part
    this.expected = { ...parts.item.entry.checksums, ...parts.options.stated }
  }

  async fetch(): Promise<Checksums> {
    const { part } = this
    const { sizeBytes } = this.item.entry
    const { terms, signal, stated } = this.options
    const hasher = new Hasher(typesToCompute(terms, stated, this.expected))
    if (part.sizeBytes > sizeBytes) await part.restart()
    if (part.sizeBytes > 0) this.options.onBytes?.(part.sizeBytes)
    const isParallel = terms.threads > 1 && terms.resume && sizeBytes - part.sizeBytes > PIECE_BYTES
    if (isParallel && (await this.fetchPieces())) await part.hash(hasher, signal)
    else await this.fetchRest(hasher)
    const checksums = hasher.digest()
    const name = this.item.source.tree.nameOf(this.item.source.path)
    const expectation = { name, sizeBytes, checksums: this.expected }
    const difference = findDifference(expectation, { sizeBytes: part.sizeBytes, checksums })
    if (difference !== undefined) throw difference
    return checksums
  }

  /** One answer, hashed as it comes. */
  private async fetchRest(hasher: Hasher): Promise<void> {
    const { part } = this
    if (part.sizeBytes === this.item.entry.sizeBytes) return part.hash(hasher, this.options.signal)
    const answer = await this.drive.read(this.item.source.path, {
      startByte: part.sizeBytes,
      etag: this.validator,
    })
    this.checkSize(answer.body, answer.sizeBytes)
    // All of it comes although a part was asked for: the file is another one, or the server knows no parts.
    if (answer.startByte === 0) await part.restart()
    else await part.hash(hasher, this.options.signal)
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      hasher.update(piece)
      await writeAll(part, piece, part.sizeBytes)
      part.sizeBytes += piece.length
      this.options.onBytes?.(piece.length)
    }
  }

  /** Several connections, each piece to its place. False when the server sends no pieces. */
  /** Several connections, each piece to its place. False when the server sends no pieces. */
  private async fetchPieces(): Promise<boolean> {
    const { part } = this
    const { sizeBytes } = this.item.entry
    const startByte = part.sizeBytes
    const starts: number[] = []
    for (let at = startByte + PIECE_BYTES; at < sizeBytes; at += PIECE_BYTES) starts.push(at)
    const etag = await this.fetchPiece(startByte, startByte === 0 ? undefined : this.validator)
    if (etag === undefined) return false
    part.sizeBytes = startByte + PIECE_BYTES
    const done = new Set<number>()
    const advance = (at: number) => {
      for (done.add(at); done.delete(part.sizeBytes); )
        part.sizeBytes = Math.min(part.sizeBytes + PIECE_BYTES, sizeBytes)
    }
    let isWhole = false
    await forEachParallel(starts, this.options.terms.threads, async (at) => {
      if (isWhole) return
      if ((await this.fetchPiece(at, etag || this.validator)) === undefined) isWhole = true
      else advance(at)
    })
    // It changed meanwhile, or the server gives one version several tags: all of it, in one answer.
    if (isWhole) await part.restart()
    return !isWhole
  }

  /** Answers the tag that came with it, empty for none; undefined when the server sends all of the file. */
  private async fetchPiece(startByte: number, version: string | undefined): Promise<string | undefined> {
    const endByte = Math.min(startByte + PIECE_BYTES, this.item.entry.sizeBytes) - 1
    const answer = await this.drive.read(this.item.source.path, { startByte, endByte, etag: version })
    if (!answer.isPart) {
      hangUp(answer)
      return undefined
    }
    this.checkSize(answer.body, answer.sizeBytes)
    let at = startByte
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      await writeAll(this.part, piece, at)
      at += piece.length
      this.options.onBytes?.(piece.length)
    }
    if (at === endByte + 1) return answer.etag ?? ''
    throw new CliError('The connection was cut. Try again.', { code: 'TRUNCATED' })
  }

  /** A size other than the listed one means another file. */
  private checkSize(body: Readable, sizeBytes: number | undefined): void {
    if (sizeBytes === undefined || sizeBytes === this.item.entry.sizeBytes) return
    hangUp({ body })
    const name = this.item.source.tree.nameOf(this.item.source.path)
    throw new CliError(
      `${name}: the server lists ${this.item.entry.sizeBytes} bytes and sends ${sizeBytes}; it changed. Try again.`,
      { code: 'CHANGED' },
    )
  }

  /** RFC 9110 13.1.5: a strong tag, else the date, of which a second counts as one version. */
  private get validator(): string | undefined {
    const { etag, mtimeMs } = this.item.entry
    return etag ?? (mtimeMs === undefined ? undefined : toHttpDate(mtimeMs))
  }
}

async function writeAll({ handle }: PartFile, piece: Buffer, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const { bytesWritten } = await handle.write(piece, done, piece.length - done, position + done)
    done += bytesWritten
  }
}
