import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { sweepSpool } from '../../src/transfers/rclone/sweep-spool.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { type ForeignServer, serveWithRclone } from './support/foreign-servers.ts'
import { ADMIN, TestEngine } from './support/test-engine.ts'

const content = randomBytes(3 * 1024 * 1024)
let sftp: ForeignServer
let other: ForeignServer
let database: TestDatabase
let engine: TestEngine

const define = (name: string, server: ForeignServer, password = 'secret word') =>
  engine.call('createEndpoint', {
    body: {
      name,
      kind: 'sftp',
      url: `${server.url}/`,
      parameters: { user: 'ann' },
      secrets: { password },
    },
  })

beforeAll(async () => {
  const user = { user: 'ann', password: 'secret word' }
  ;[sftp, other] = await Promise.all([serveWithRclone('sftp', user), serveWithRclone('sftp', user)])
  await mkdir(join(sftp.folder, 'set', 'sub'), { recursive: true })
  await writeFile(join(sftp.folder, 'set', 'large.bin'), content)
  await writeFile(join(sftp.folder, 'set', 'sub', 'ä & ü.txt'), 'small')
  // Before anybody looks: the server remembers what a folder held.
  await mkdir(join(sftp.folder, 'slow'), { recursive: true })
  for (const name of ['a', 'b']) await writeFile(join(sftp.folder, 'slow', name), content)
  database = await createTestDatabase('sqlite')
  engine = await TestEngine.start({ db: database.db, sourceUrl: 'http://127.0.0.1:1' })
  await engine.drive.makeCollection(['out'])
  await engine.drive.write(['out', 'a b.txt'], chunks('own content'))
  await engine.drive.write(['out', 'large'], chunks(content))
  await define('shell', sftp)
  await define('second', other)
})

afterAll(async () => {
  await engine.close()
  await database.close()
  await sftp.close()
  await other.close()
})

async function* chunks(bytes: Buffer | string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes)
}

describe('storage that only rclone speaks (SFTP)', () => {
  it('is a source: rclone fetches straight into the staging folder', async () => {
    const job = await engine.run({
      source: { endpoint: 'shell', path: 'set' },
      destination: { path: '/from-sftp' },
    })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    expect((await engine.content('/from-sftp/large.bin')).equals(content)).toBe(true)
    expect((await engine.content('/from-sftp/sub/ä & ü.txt')).toString()).toBe('small')
    for (const file of await engine.files(job.id)) expect(file.executor).toBe('rclone')
    expect(await engine.partFiles()).toEqual([])
  })

  it('is a destination: rclone brings what the node offers', async () => {
    const destination = { endpoint: 'shell', path: 'new/place' }
    const job = await engine.run({ source: { path: '/out' }, destination })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    expect(await readFile(join(sftp.folder, 'new', 'place', 'a b.txt'), 'utf8')).toBe('own content')
    expect((await readFile(join(sftp.folder, 'new', 'place', 'large'))).equals(content)).toBe(true)
    const again = await engine.run({ source: { path: '/out' }, destination })
    expect(again).toMatchObject({ state: 'FINISHED', files: { done: 0, skipped: 2 } })
  })

  it('is copied to other storage of that kind', async () => {
    const job = await engine.run({
      source: { endpoint: 'shell', path: 'set/large.bin' },
      destination: { endpoint: 'second', path: 'copied/large.bin' },
    })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect((await readFile(join(other.folder, 'copied', 'large.bin'))).equals(content)).toBe(true)
  })

  it('keeps the bandwidth of the order over all of its files', async () => {
    const startMs = performance.now()
    const job = await engine.run({
      source: { endpoint: 'shell', path: 'slow' },
      destination: { path: '/slowly' },
      options: { bandwidthBytesPerSecond: 3 * 1024 * 1024 },
    })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    expect(performance.now() - startMs).toBeGreaterThan(1700)
    expect((await engine.content('/slowly/b')).equals(content)).toBe(true)
  })

  it('is also read and written by the executor stream, by way of a local file', async () => {
    const job = await engine.run({
      source: { endpoint: 'shell', path: 'set/large.bin' },
      destination: { endpoint: 'second', path: 'streamed.bin' },
      executor: 'stream',
    })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect((await readFile(join(other.folder, 'streamed.bin'))).equals(content)).toBe(true)
    expect(await readdir(join(engine.folder, '.spool'))).toEqual([])
  })

  it('says that the password is wrong, and never which', async () => {
    await define('wrong', sftp, 'guessed-password')
    const job = await engine.run({
      source: { endpoint: 'wrong', path: 'set' },
      destination: { path: '/x' },
    })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'CREDENTIAL_REFUSED' } })
    expect(JSON.stringify(job)).not.toContain('guessed-password')
  })

  it('says what is missing', async () => {
    const source = { endpoint: 'shell', path: 'nowhere' }
    const job = await engine.run({ source, destination: { path: '/x' } })
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'NOT_FOUND', message: 'There is no /nowhere at 127.0.0.1.' },
    })
  })

  it('is tried in words', async () => {
    const { works, findings } = (await engine.call('testEndpoint', {
      params: { id: 'shell' },
      body: { write: true },
    })) as { works: boolean; findings: { code: string; level: string }[] }
    expect(works).toBe(true)
    expect(findings.map(({ code, level }) => `${code} ${level}`)).toEqual([
      'REACH ok',
      'LIST ok',
      'WRITE ok',
      'CHECKSUMS ok',
      'RANGES ok',
    ])
    expect((await readdir(sftp.folder)).filter((name) => name.startsWith('.causeway'))).toEqual([])
  })
})

it('removes what killed processes left, and nothing that is on its way', async () => {
  const spool = join(engine.folder, 'old-spool')
  for (const name of ['rclone-old', 'rclone-new']) await mkdir(join(spool, name), { recursive: true })
  const longAgo = new Date('2020-01-01')
  await utimes(join(spool, 'rclone-old'), longAgo, longAgo)
  await sweepSpool(spool, systemClock.nowMs())
  expect(await readdir(spool)).toEqual(['rclone-new'])
})

describe('what nobody may define as storage', () => {
  const rclone = (parameters: Record<string, string>, userId?: string) =>
    engine.call('createEndpoint', { body: { name: 'x', kind: 'rclone', parameters } }, userId)

  it.each([
    'local',
    'alias',
    'union',
    'combine',
    'crypt',
    'chunker',
    'hasher',
  ])('the backend %s, which reads the disk of the node, not even for operators', async (type) => {
    await expect(rclone({ type, remote: '/etc' }, ADMIN)).rejects.toMatchObject({ status: 400 })
  })

  it.each([
    ['sftp', 'key_file'],
    ['webdav', 'bearer_token_command'],
    ['s3', 'shared_credentials_file'],
    ['s3', 'env_auth'],
    ['sftp', 'ssh'],
  ])('%s with %s', async (type, name) => {
    await expect(rclone({ type, [name]: 'x' }, ADMIN)).rejects.toMatchObject({
      status: 400,
      code: 'INVALID_ENDPOINT',
    })
  })

  it('backends that could reach into the network of the node, for users', async () => {
    await expect(rclone({ type: 'ftp', host: '10.0.0.1' })).rejects.toMatchObject({
      status: 403,
      code: 'BACKEND_FOR_OPERATORS',
    })
    await expect(rclone({ type: 'b2', account: 'a', endpoint: 'x' })).rejects.toMatchObject({ status: 403 })
  })
})
