import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeS3 } from '../fakes/s3/fake-s3.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const content = randomBytes(2 * 1024 * 1024)
let s3: FakeS3
let database: TestDatabase
let engine: TestEngine

beforeAll(async () => {
  s3 = await FakeS3.start('results')
  database = await createTestDatabase('sqlite')
  // By a name, because Go programs speak to loopback addresses without a proxy.
  const hosts = { 's3.test': '127.0.0.1' }
  engine = await TestEngine.start({ db: database.db, sourceUrl: 'http://127.0.0.1:1', hosts })
  await engine.drive.makeCollection(['out'])
  await engine.drive.write(['out', 'a b.txt'], chunks('own content'))
  await engine.drive.write(['out', 'large'], chunks(content))
  await define('bucket', { bucket: 'results', prefix: 'runs' })
})
afterAll(async () => {
  await engine.close()
  await database.close()
  await s3.close()
})

function define(name: string, parameters: Record<string, string>) {
  const url = `http://s3.test:${s3.port}`
  const all = { accessKeyId: 'AK', ...parameters }
  const body = { name, kind: 's3', url, parameters: all, secrets: { secretAccessKey: 'very secret' } }
  return engine.call('createEndpoint', { body })
}

async function* chunks(bytes: Buffer | string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes)
}

describe('a bucket of S3', () => {
  it('is a destination, and a source again, compared by checksums', async () => {
    const up = await engine.run({
      source: { path: '/out' },
      destination: { endpoint: 'bucket', path: 'one' },
    })
    expect(up).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    expect(s3.objects.get('runs/one/large')?.content.equals(content)).toBe(true)
    expect(s3.objects.get('runs/one/a b.txt')?.content.toString()).toBe('own content')
    const down = await engine.run({
      source: { endpoint: 'bucket', path: 'one' },
      destination: { path: '/back' },
    })
    expect(down).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    expect((await engine.content('/back/large')).equals(content)).toBe(true)
    for (const job of [up, down])
      for (const file of await engine.files(job.id)) expect(file.verified).toBe('checksum')
  })

  it('is asked by our own way out, under its name, signed, and never with the secret', async () => {
    expect(s3.requests.length).toBeGreaterThan(4)
    for (const { host, isSigned } of s3.requests)
      expect({ host, isSigned }).toEqual({ host: `s3.test:${s3.port}`, isSigned: true })
  })

  it('cannot lead rclone to another address', async () => {
    const inside = await SourceServer.start()
    inside.put('/results/runs/one/large', 'secret of a service on loopback')
    s3.redirectTo = inside.url
    const source = { endpoint: 'bucket', path: 'one/large' }
    const job = await engine.run({ source, destination: { path: '/led' } })
    s3.redirectTo = undefined
    expect(job.state).toBe('FAILED')
    expect(inside.requests).toEqual([])
    await inside.close()
  })

  it('that does not exist is named so, at once', async () => {
    await define('other', { bucket: 'missing' })
    const destination = { endpoint: 'other', path: 'x' }
    const job = await engine.run({ source: { path: '/out/a b.txt' }, destination })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'NO_BUCKET' } })
    expect((await engine.files(job.id))[0]?.attempts).toBe(1)
  })
})
