import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

let folder: string
let foreign: ChildProcess
let foreignUrl: string
let listing: SourceServer
let database: TestDatabase
let engine: TestEngine

const content = randomBytes(3 * 1024 * 1024)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-foreign-'))
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'large file.bin'), content)
  await writeFile(join(folder, 'sub', 'ä.txt'), 'small')
  foreign = spawn('rclone', ['serve', 'webdav', '--addr', '127.0.0.1:0', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const line of createInterface({ input: foreign.stderr as NodeJS.ReadableStream })) {
    const match = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line)
    if (match !== null) {
      foreignUrl = String(match[1])
      break
    }
  }
  // The listing comes from elsewhere: its etags are not those that the foreign server answers with.
  listing = await SourceServer.start()
  listing.put('/large file.bin', content)
  listing.put('/sub/ä.txt', 'small')
  database = await createTestDatabase('sqlite')
  engine = await TestEngine.start({ db: database.db, sourceUrl: listing.url, contentUrl: foreignUrl })
})

afterAll(async () => {
  await engine.close()
  await database.close()
  await listing.close()
  const ended = once(foreign, 'exit')
  foreign.kill()
  await ended
  await rm(folder, { recursive: true, force: true })
})

describe.each(['stream', 'rclone'] as const)('a foreign WebDAV server, read with %s', (executor) => {
  it('is copied and verified although its etags differ between listing and answer', async () => {
    const job = await engine.run({ destination: { path: `/${executor}` }, executor })
    expect(job).toMatchObject({ state: 'FINISHED', executor, files: { done: 2 } })
    expect(await engine.content(`/${executor}/large file.bin`)).toEqual(content)
    for (const file of await engine.files(job.id)) expect(file.verified).toBe('checksum')
  })

  it('says what is missing there', async () => {
    listing.put('/gone', 'gone')
    const source = { shareId: 's1', path: '/gone' }
    const job = await engine.run({ source, destination: { path: `/${executor}-gone` }, executor })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_404' } })
    listing.remove('/gone')
  })
})
