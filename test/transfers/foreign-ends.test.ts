import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobView } from '../../src/transfers/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { type ForeignServer, serveWithNginx, serveWithRclone } from './support/foreign-servers.ts'
import { insertUser, TestEngine } from './support/test-engine.ts'

const content = randomBytes(3 * 1024 * 1024)
let nginx: ForeignServer
let rclone: ForeignServer
let database: TestDatabase
let engine: TestEngine

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, 'set', 'sub'), { recursive: true })
  await writeFile(join(folder, 'set', 'large file.bin'), content)
  await writeFile(join(folder, 'set', 'sub', 'ä & ü.txt'), 'small')
  await writeFile(join(folder, 'set', 'empty'), '')
}

beforeAll(async () => {
  ;[nginx, rclone] = await Promise.all([serveWithNginx(), serveWithRclone('webdav')])
  await fill(nginx.folder)
  await fill(rclone.folder)
  database = await createTestDatabase('sqlite')
  engine = await TestEngine.start({ db: database.db, sourceUrl: 'http://127.0.0.1:1' })
  await engine.drive.makeCollection(['out'])
  await engine.drive.makeCollection(['out', 'deep'])
  await engine.drive.write(['out', 'a b#%.txt'], chunks('own content'))
  await engine.drive.write(['out', 'deep', 'large'], chunks(content))
})

afterAll(async () => {
  await engine.close()
  await database.close()
  await nginx.close()
  await rclone.close()
})

async function* chunks(bytes: Buffer | string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes)
}

const servers = {
  'nginx with WebDAV': () => ({ url: `${nginx.url}/dav`, folder: nginx.folder }),
  'rclone serve webdav': () => ({ url: rclone.url, folder: rclone.folder }),
}
const named = Object.entries(servers)
const slug = (name: string) => name.replaceAll(' ', '-')

describe.each(named)('%s, named by URL', (name, server) => {
  it('is a source of a whole folder, listed by PROPFIND', async () => {
    const source = { url: `${server().url}/set` }
    const job = await engine.run({ source, destination: { path: `/from-${slug(name)}` } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 3 } })
    expect((await engine.content(`/from-${slug(name)}/large file.bin`)).equals(content)).toBe(true)
    expect((await engine.content(`/from-${slug(name)}/sub/ä & ü.txt`)).toString()).toBe('small')
  })

  it('is a source of one file, with the scheme dav as well', async () => {
    const url = `${server().url.replace('http:', 'dav:')}/set/large%20file.bin`
    const job = await engine.run({ source: { url }, destination: { path: `/one-${slug(name)}` } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect((await engine.content(`/one-${slug(name)}`)).equals(content)).toBe(true)
  })

  it('is a destination: folders are made, files are put', async () => {
    const destination = { url: `${server().url}/new/place/copy` }
    const job = await engine.run({ source: { path: '/out' }, destination })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    const at = join(server().folder, 'new', 'place', 'copy')
    expect(await readFile(join(at, 'a b#%.txt'), 'utf8')).toBe('own content')
    expect((await readFile(join(at, 'deep', 'large'))).equals(content)).toBe(true)
  })

  it('is replaced when the order says so, and not when it says never', async () => {
    const destination = { url: `${server().url}/replaced` }
    await fetch(`${server().url}/replaced`, { method: 'PUT', body: 'what was there' })
    const never = await engine.run({ source: { path: '/out/a b#%.txt' }, destination, overwrite: 'never' })
    expect(never).toMatchObject({ state: 'FAILED', error: { code: 'DESTINATION_EXISTS' } })
    const order = { source: { path: '/out/a b#%.txt' }, destination, overwrite: 'if-different' as const }
    expect(await engine.run(order)).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect(await readFile(join(server().folder, 'replaced'), 'utf8')).toBe('own content')
  })
})

describe('servers without WebDAV', () => {
  it('give a single file by HEAD and GET', async () => {
    const source = { url: `${nginx.url}/pages/set/large%20file.bin` }
    const job = await engine.run({ source, destination: { path: '/plain' } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect((await engine.content('/plain')).equals(content)).toBe(true)
  })

  it('give a folder by the page that lists it', async () => {
    const source = { url: `${nginx.url}/pages/set/` }
    const job = await engine.run({ source, destination: { path: '/pages' } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 3 } })
    expect((await engine.content('/pages/sub/ä & ü.txt')).toString()).toBe('small')
  })

  it('say in words that they take no files', async () => {
    const destination = { url: `${nginx.url}/pages/x.txt` }
    const job = await engine.run({ source: { path: '/out/a b#%.txt' }, destination })
    expect(job.state).toBe('FAILED')
    expect(job.error?.message).toMatch(/PUT is not possible on \/pages\/x\.txt at 127\.0\.0\.1/)
  })
})

describe('a server that redirects', () => {
  it('is read and written where it leads to', async () => {
    const read = await engine.run({
      source: { url: `${nginx.url}/moved/set` },
      destination: { path: '/moved' },
    })
    expect(read).toMatchObject({ state: 'FINISHED', files: { done: 3 } })
    expect((await engine.content('/moved/large file.bin')).equals(content)).toBe(true)
    const write = await engine.run({
      source: { path: '/out/deep/large' },
      destination: { url: `${nginx.url}/moved/put.bin` },
    })
    expect(write).toMatchObject({ state: 'FINISHED' })
    expect((await readFile(join(nginx.folder, 'put.bin'))).equals(content)).toBe(true)
  })
})

describe('a defined endpoint', () => {
  const define = (input: Record<string, unknown>) => engine.call('createEndpoint', { body: input })

  it('opens with user and password, by name and by a URL inside of it', async () => {
    await define({
      name: 'archive',
      kind: 'webdav',
      url: `${nginx.url}/basic/`,
      parameters: { user: 'ann' },
      secrets: { password: 'secret' },
    })
    const source = { endpoint: 'archive', path: 'set/sub' }
    const byName = await engine.run({ source, destination: { path: '/by-name' } })
    expect(byName).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    const byUrl = await engine.run({
      source: { url: `${nginx.url}/basic/set/empty` },
      destination: { endpoint: 'archive', path: '/into/it/copy' },
    })
    expect(byUrl).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect(await readdir(join(nginx.folder, 'into', 'it'))).toEqual(['copy'])
  })

  it('opens with a bearer token', async () => {
    const url = `${nginx.url}/bearer/`
    await define({ name: 'token', kind: 'webdav', url, secrets: { token: 'let-me-in' } })
    const source = { endpoint: 'token', path: 'set' }
    const job = await engine.run({ source, destination: { path: '/by-token' } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 3 } })
  })

  it('says which endpoint has a wrong password', async () => {
    await define({
      name: 'wrong',
      kind: 'webdav',
      url: `${nginx.url}/basic/`,
      parameters: { user: 'ann' },
      secrets: { password: 'guessed' },
    })
    const job = await engine.run({
      source: { endpoint: 'wrong', path: 'set' },
      destination: { path: '/never' },
    })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'CREDENTIAL_REFUSED' } })
    expect(job.error?.message).toContain('does not take the credential of the endpoint wrong')
    expect(JSON.stringify(job)).not.toContain('guessed')
  })

  it('is needed where a server asks who is there', async () => {
    const source = { url: `${nginx.url}/bearer/set` }
    const job = await engine.run({ source, destination: { path: '/never' } })
    // An endpoint holds this URL; another user has none.
    expect(job.state).toBe('FINISHED')
    await insertUser(database.db, 'user-2')
    const { id } = await engine.transfers.submit('user-2', { source, destination: { path: '/never' } })
    const state = () => engine.call('getTransfer', { params: { id } }, 'user-2') as Promise<JobView>
    await expect.poll(async () => (await state()).state).toBe('FAILED')
    expect((await state()).error).toMatchObject({
      code: 'CREDENTIAL_REFUSED',
      message: expect.stringContaining('wants to know who asks (401). Define an endpoint'),
    })
  })
})

describe('a URL that cannot be used', () => {
  it.each([
    ['https://ann:secret@data.example/x', 'URL_WITH_CREDENTIALS'],
    ['gsiftp://data.example/x', 'UNKNOWN_SCHEME'],
    ['data.example/x', 'INVALID_URL'],
    ['http://10.1.2.3/x', 'ADDRESS_REFUSED'],
    ['http://[::1]/x', 'ADDRESS_REFUSED'],
  ])('%s is refused at once with %s', async (url, code) => {
    const order = engine.submit({ source: { url }, destination: { path: '/x' } })
    await expect(order).rejects.toMatchObject({ status: 400, code })
    await expect(order).rejects.not.toMatchObject({ message: expect.stringContaining('secret') })
    const wrote = engine.submit({ source: { path: '/out' }, destination: { url } })
    await expect(wrote).rejects.toMatchObject({ status: 400, code })
  })
})
