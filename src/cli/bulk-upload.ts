import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Hasher } from './checksums.ts'
import type { CopiedFile, CopyItem, CopyOptions } from './copy.ts'
import { fileHeaders } from './drive.ts'
import { CliError } from './exit.ts'
import { toLocalError } from './local-tree.ts'
import type { NodeDoor } from './node-door.ts'

const MAX_FILE_BYTES = 256 * 1024
const MAX_BATCH_BYTES = 4 * 1024 * 1024
const MAX_BATCH_FILES = 100

/** True for files whose name and size let them travel with others. */
export function isForBulk({ entry, target }: CopyItem): boolean {
  const name = target.path.join('/')
  return entry.sizeBytes <= MAX_FILE_BYTES && !/[\r\n\0]|\s$/.test(name)
}

/** Groups of files that go in one request each. */
export function toBatches(items: readonly CopyItem[]): CopyItem[][] {
  const batches: CopyItem[][] = []
  let left = 0
  for (const item of items) {
    const batch = batches.at(-1)
    if (batch === undefined || batch.length >= MAX_BATCH_FILES || left < item.entry.sizeBytes) {
      batches.push([item])
      left = MAX_BATCH_BYTES
    } else batch.push(item)
    left -= item.entry.sizeBytes
  }
  return batches
}

/** What became of each file, in the order they were given. */
export type BulkResult = CopiedFile | CliError

/** Many small files in one request; each is checked by its checksums and refused by itself. */
export async function uploadBatch(
  items: readonly CopyItem[],
  door: NodeDoor,
  options: CopyOptions,
): Promise<BulkResult[]> {
  const boundary = randomUUID()
  const parts = await Promise.all(items.map((item) => toPart(item, door, options)))
  const body = parts.flatMap((part) =>
    part instanceof CliError ? [] : [`--${boundary}\r\n${part.head}\r\n`, part.content, '\r\n'],
  )
  const answer = await door.http.send('POST', door.bulkUrl, 'bulk upload', {
    headers: { 'Content-Type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([...body, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece as string))),
  })
  const replies = (await answer.body.json()) as Record<string, { error?: boolean; message?: string }>
  return parts.map((part) => {
    if (part instanceof CliError) return part
    const reply = replies[part.path]
    if (reply?.error !== false)
      return new CliError(`${part.copied.target}: ${reply?.message ?? 'the server says nothing of it.'}`, {
        code: 'REFUSED',
      })
    options.onBytes?.(part.content.length)
    return part.copied
  })
}

async function toPart(item: CopyItem, door: NodeDoor, { terms }: CopyOptions) {
  const { source, target, entry } = item
  const path = door.pathInDrive(target.tree.drive?.urlOf(target.path) ?? '') ?? ''
  const localPath = source.tree.localPath(source.path) ?? ''
  let content: Buffer
  try {
    content = await readFile(localPath)
  } catch (error) {
    const reason = toLocalError(localPath, error)
    if (reason instanceof CliError) return reason
    throw reason
  }
  const { md5 = '', ...checksums } = new Hasher(['md5', ...(terms.checksumTypes ?? ['sha256'])])
    .update(content)
    .digest()
  const overwrite = terms.present === 'replace'
  const headers = {
    'X-File-Path': path,
    'X-File-MD5': md5,
    'Content-Length': String(content.length),
    ...fileHeaders({ mtimeMs: entry.mtimeMs, overwrite, expected: checksums }),
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const copied: CopiedFile = {
    source: source.tree.nameOf(source.path),
    target: target.tree.nameOf(target.path),
    sizeBytes: content.length,
    checksums: Object.keys(checksums).length === 0 ? { md5 } : checksums,
    verified: true,
  }
  return { head: head.join(''), path, content, copied }
}
