import { createHash, randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import type { Person } from './person.ts'

const PACKAGE = join(import.meta.dirname, '../node_modules/vega-datasets')
const PARALLEL = 8
const BIG_FILE_BYTES = 256 * 1024 * 1024

/** Uploads every file of the package vega-datasets in its folders, and one generated file of 256 MiB. */
export async function uploadDataset(
  person: Person,
  folder: string,
): Promise<{ files: number; bytes: number }> {
  const files = await filesBelow(PACKAGE)
  const folders = new Set(files.flatMap((file) => ancestors(relative(PACKAGE, file))))
  for (const path of ['', ...[...folders].sort()]) await makeFolder(person, join(folder, path))
  let bytes = BIG_FILE_BYTES
  const queue = [...files]
  const upload = async () => {
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      const { size } = await stat(file)
      bytes += size
      await put(person, join(folder, relative(PACKAGE, file)), createReadStream(file))
    }
  }
  await Promise.all([
    put(person, join(folder, 'frames-256MiB.bin'), randomBytes(BIG_FILE_BYTES)),
    ...Array.from({ length: PARALLEL }, upload),
  ])
  return { files: files.length + 1, bytes }
}

/** SHA-256 of every file below a folder of the disk, by path. */
export async function checksumsBelow(folder: string): Promise<Map<string, string>> {
  const sums = new Map<string, string>()
  for (const file of await filesBelow(folder)) sums.set(relative(folder, file), await checksum(file))
  return sums
}

async function checksum(file: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(file)
  for await (const chunk of handle.createReadStream({ highWaterMark: 1024 * 1024 })) hash.update(chunk)
  return hash.digest('hex')
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function ancestors(path: string): string[] {
  const parent = dirname(path)
  return parent === '.' ? [] : [...ancestors(parent), parent]
}

async function makeFolder(person: Person, path: string): Promise<void> {
  const answer = await person.dav('MKCOL', path)
  if (answer.status !== 201) throw new Error(`MKCOL ${path}: ${answer.status} ${await answer.text()}`)
}

async function put(person: Person, path: string, body: Readable): Promise<void> {
  const answer = await person.dav('PUT', path, {
    body: Readable.toWeb(body) as unknown as RequestInit['body'],
  })
  if (answer.status !== 201) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
}

function randomBytes(sizeBytes: number): Readable {
  const chunk = Buffer.allocUnsafe(1024 * 1024)
  return Readable.from(
    (function* () {
      for (let left = sizeBytes; left > 0; left -= chunk.length) yield Buffer.from(randomFillSync(chunk))
    })(),
    { objectMode: false },
  )
}
