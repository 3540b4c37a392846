import { createReadStream } from 'node:fs'
import { compareChecksums, findDifference, Hasher, typesFor } from './checksums.ts'
import type { CopiedFile, CopyItem, CopyOptions } from './copy.ts'
import { forEachParallel } from './copy-many.ts'
import { typesToCompute } from './copy-terms.ts'
import { drop } from './dav-http.ts'
import { type Drive, fileHeaders } from './drive.ts'
import { CliError } from './exit.ts'
import { toLocalError } from './local-tree.ts'
import { PROPFIND_BODY, parseMultistatus } from './multistatus.ts'
import type { NodeDoor } from './node-door.ts'
import { keyOf } from './part-file.ts'

/** From here on an upload that breaks off would be a loss; a whole PUT takes half the time. */
export const LARGE_UPLOAD_BYTES = 2 * 1024 * 1024 * 1024
const PIECE_BYTES = 16 * 1024 * 1024
const CONNECTIONS = 2

/**
 * A large local file to a node that takes pieces (chunking v2): those that are there already are not sent
 * again, and the node makes them one file at the end, by its checksum, in one step.
 */
export async function uploadPieces(
  item: CopyItem,
  options: CopyOptions,
  ends: { door: NodeDoor; drive: Drive; localPath: string },
): Promise<CopiedFile> {
  const { entry, source, target } = item
  const url = ends.drive.urlOf(target.path)
  const upload = new PieceUpload(ends.door, { url, localPath: ends.localPath, entry })
  const name = source.tree.nameOf(source.path)
  const hasher = new Hasher(typesFor({ types: typesToCompute(options.terms, options.stated), checksums: {} }))
  const sent = await upload.begin()
  await Promise.all([upload.send(sent, options), hashLocal(ends.localPath, hasher, options.signal)])
  const checksums = hasher.digest()
  const expectation = { name, sizeBytes: entry.sizeBytes, checksums: options.stated ?? {} }
  const difference = findDifference(expectation, { sizeBytes: entry.sizeBytes, checksums })
  if (difference !== undefined) {
    await upload.drop()
    throw difference
  }
  const overwrite = options.terms.present === 'replace'
  await upload.finish(fileHeaders({ mtimeMs: entry.mtimeMs, overwrite, expected: checksums }))
  const shown = (await target.tree.find(target.path))?.checksums ?? {}
  return {
    source: name,
    target: target.tree.nameOf(target.path),
    sizeBytes: entry.sizeBytes,
    checksums,
    verified: compareChecksums(checksums, shown) === true,
  }
}

interface UploadedFile {
  url: string
  localPath: string
  entry: CopyItem['entry']
}

class PieceUpload {
  private readonly door: NodeDoor
  private readonly file: UploadedFile
  private readonly id: string

  constructor(door: NodeDoor, file: UploadedFile) {
    this.door = door
    this.file = file
    const { sizeBytes, mtimeMs } = file.entry
    this.id = `causeway-${keyOf([file.url, file.localPath, sizeBytes, mtimeMs, PIECE_BYTES])}`
  }

  /** Opens the upload; answers the sizes of the pieces that an earlier attempt brought, by name. */
  async begin(): Promise<Map<string, number>> {
    const headers = { Destination: this.file.url, 'OC-Total-Length': String(this.file.entry.sizeBytes) }
    try {
      const made = await this.door.http.send('MKCOL', this.door.uploadUrl(this.id), 'upload', { headers })
      drop(made)
      return new Map()
    } catch (error) {
      if (!(error instanceof CliError) || error.status !== 405) throw error
    }
    const listed = await this.door.http.send('PROPFIND', this.door.uploadUrl(this.id), 'upload', {
      headers: { Depth: '1', 'Content-Type': 'application/xml' },
      body: PROPFIND_BODY,
    })
    const found = parseMultistatus(await listed.body.text())
    return new Map(found.map(({ entry }) => [entry.name, entry.sizeBytes]))
  }

  async send(sent: ReadonlyMap<string, number>, { onBytes, terms }: CopyOptions): Promise<void> {
    const { sizeBytes } = this.file.entry
    const pieces = Array.from({ length: Math.ceil(sizeBytes / PIECE_BYTES) }, (_, index) => index)
    await forEachParallel(pieces, Math.max(CONNECTIONS, terms.threads), async (index) => {
      const start = index * PIECE_BYTES
      const length = Math.min(PIECE_BYTES, sizeBytes - start)
      const name = String(index + 1).padStart(5, '0')
      if (sent.get(name) !== length) await this.sendPiece(name, start, length)
      onBytes?.(length)
    })
  }

  private async sendPiece(name: string, start: number, length: number): Promise<void> {
    const body = createReadStream(this.file.localPath, {
      start,
      end: start + length - 1,
      highWaterMark: 1024 * 1024,
    })
    const headers = { 'Content-Length': String(length), 'Content-Type': 'application/octet-stream' }
    try {
      const put = await this.door.http.send('PUT', this.door.uploadUrl(this.id, name), 'upload', {
        headers,
        body,
      })
      drop(put)
    } catch (error) {
      throw toLocalError(this.file.localPath, error)
    } finally {
      body.destroy()
    }
  }

  async finish(headers: Record<string, string>): Promise<void> {
    const { 'If-None-Match': isNew, ...rest } = headers
    const moved = await this.door.http.send('MOVE', this.door.uploadUrl(this.id, '.file'), this.name, {
      headers: {
        ...rest,
        Destination: this.file.url,
        Overwrite: isNew === undefined ? 'T' : 'F',
        'OC-Total-Length': String(this.file.entry.sizeBytes),
      },
    })
    drop(moved)
  }

  async drop(): Promise<void> {
    const gone = await this.door.http.send('DELETE', this.door.uploadUrl(this.id), 'upload')
    drop(gone)
  }

  private get name(): string {
    return decodeURIComponent(new URL(this.file.url).pathname)
  }
}

async function hashLocal(path: string, hasher: Hasher, signal: AbortSignal): Promise<void> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
      hasher.update(piece as Buffer)
  } catch (error) {
    throw toLocalError(path, error)
  }
}
