import { spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { writeZip, type ZipMember } from '../../src/webdav/zip/zip-writer.ts'

const file = (name: string, text: string, mtimeMs = 1.6e12): ZipMember => ({
  ...{ name, mtimeMs, sizeBytes: Buffer.byteLength(text) },
  body: Readable.from([Buffer.from(text)]),
})

async function* each(members: Iterable<ZipMember>): AsyncGenerator<ZipMember> {
  yield* members
}

const zip = (members: Iterable<ZipMember>) => Readable.from(writeZip(each(members)), { objectMode: false })

const hasPython = spawnSync('python3', ['-c', 'import zipfile']).status === 0
const READ = `
import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps([len(z.namelist()), z.testzip(), [[i.filename, i.file_size, i.is_dir()] for i in z.infolist()[:4]]]))`

async function readByPython(members: Iterable<ZipMember>): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-zip-'))
  try {
    const path = join(folder, 'a.zip')
    await pipeline(zip(members), createWriteStream(path))
    return JSON.parse(spawnSync('python3', ['-c', READ, path]).stdout.toString())
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('an archive', () => {
  it.skipIf(!hasPython)('is read by a program that others wrote', async () => {
    const folder = { name: 'ü/', mtimeMs: 0, sizeBytes: 0, body: Buffer.alloc(0) }
    const small = { name: 'ü/日本', mtimeMs: 8e15, sizeBytes: 3, body: Buffer.from('abc') }
    expect(await readByPython([folder, small, file('ü/stream', 'streamed'), file('empty', '')])).toEqual([
      4,
      null,
      [
        ['ü/', 0, true],
        ['ü/日本', 3, false],
        ['ü/stream', 8, false],
        ['empty', 0, false],
      ],
    ])
  })

  it.skipIf(!hasPython)('may have more members than its first form could count', async () => {
    const members = Array.from({ length: 66_000 }, (_, n) => ({
      ...{ name: `${n}`, mtimeMs: 1.6e12, sizeBytes: 1, body: Buffer.from('x') },
    }))
    expect(await readByPython(members)).toEqual([66_000, null, expect.anything()])
  })

  it('is not finished when a file is shorter or longer than was said', async () => {
    for (const text of ['', 'ab', 'abcd']) {
      const broken = { ...file('a', text), sizeBytes: 3 }
      await expect(buffer(zip([broken]))).rejects.toThrow('unexpected number of bytes')
    }
  })
})
