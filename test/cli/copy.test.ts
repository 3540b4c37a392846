import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCli, temporaryFolder } from './support/cli.ts'
import { startServer } from './support/http-server.ts'
import { TinyDrive } from './support/tiny-drive.ts'

async function setUp() {
  const folder = await temporaryFolder()
  const drive = new TinyDrive('/dav/files/ann')
  const { url } = await startServer(drive.handle)
  const run = createCli(folder)
  const env = { url, user: 'ann', token: 'x' }
  const cli = (args: string[], stdin?: Buffer | string) =>
    run(args, stdin === undefined ? { env } : { env, stdin })
  return { folder, drive, url, cli }
}

const methods = (drive: TinyDrive) => drive.requests.map((request) => `${request.method} /${request.path}`)

it('carries a file up and down again, with its time, and compares checksums', async () => {
  const { folder, drive, cli } = await setUp()
  const bytes = randomBytes(3_000_000)
  const name = 'żółć #1 %41 \\\\ &.bin'
  await writeFile(join(folder, name), bytes)
  await utimes(join(folder, name), 1_700_000_000, 1_700_000_000)
  const up = await cli(['cp', join(folder, name), 'drive:/', '--json'])
  expect(up).toMatchObject({ code: 0, stderr: '' })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect(JSON.parse(up.stdout)).toEqual({
    source: join(folder, name),
    target: `drive:/${name}`,
    sizeBytes: 3_000_000,
    checksums: { sha256 },
    verified: true,
  })
  expect(drive.entries.get(name)?.equals(bytes)).toBe(true)
  const put = drive.requests.find((request) => request.method === 'PUT')
  expect(put?.headers).toMatchObject({ 'x-oc-mtime': '1700000000', 'content-length': '3000000' })
  const down = await cli(['cp', `drive:/${name}`, join(folder, 'copy.bin')])
  expect(down).toEqual({ code: 0, stdout: '', stderr: '' })
  expect((await readFile(join(folder, 'copy.bin'))).equals(bytes)).toBe(true)
  expect((await stat(join(folder, 'copy.bin'))).mtimeMs).toBe(Date.parse('2026-11-21T03:00:00Z'))
})

it('carries folders with all below them, both ways', async () => {
  const { folder, drive, cli } = await setUp()
  await mkdir(join(folder, 'data/sub/empty'), { recursive: true })
  await writeFile(join(folder, 'data/a.txt'), 'a')
  await writeFile(join(folder, 'data/sub/b.txt'), 'bb')
  await symlink('a.txt', join(folder, 'data/link.txt'))
  await symlink('..', join(folder, 'data/loop'))
  expect(await cli(['cp', '-r', join(folder, 'data'), 'drive:/'])).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  expect([...drive.entries.keys()].sort()).toEqual([
    '',
    'data',
    'data/a.txt',
    'data/link.txt',
    'data/sub',
    'data/sub/b.txt',
    'data/sub/empty',
  ])
  expect((await cli(['cp', '-r', 'drive:/data', join(folder, 'back')])).code).toBe(0)
  expect(await readFile(join(folder, 'back/sub/b.txt'), 'utf8')).toBe('bb')
  expect(await readdir(join(folder, 'back/sub/empty'))).toEqual([])
  expect((await cli(['cp', '-r', 'drive:/', join(folder, 'all')])).code).toBe(0)
  expect(await readdir(join(folder, 'all'))).toEqual(['data'])
})

it('leaves copies inside one drive to the server', async () => {
  const { drive, cli } = await setUp()
  drive.entries.set('a', undefined).set('a/x', Buffer.from('x')).set('b', undefined)
  expect((await cli(['cp', 'drive:/a', 'drive:/b/'])).code).toBe(2)
  expect((await cli(['cp', '-r', 'drive:/a', 'drive:/b/'])).code).toBe(0)
  expect(drive.entries.get('b/a/x')?.toString()).toBe('x')
  expect(methods(drive)).not.toContain('GET /a/x')
})

it('streams between two drives through this machine, and asks the other side to compare', async () => {
  const { drive, url, cli } = await setUp()
  const other = new TinyDrive('/files')
  const { url: otherUrl } = await startServer(other.handle)
  drive.entries.set('a.txt', Buffer.from('hello'))
  expect(await cli(['cp', `${url}/dav/files/ann/a.txt`, `${otherUrl}/files/`])).toMatchObject({ code: 0 })
  expect(other.entries.get('a.txt')?.toString()).toBe('hello')
  const put = other.requests.find((request) => request.method === 'PUT')
  expect(put?.headers['oc-checksum']).toBe(`SHA256:${createHash('sha256').update('hello').digest('hex')}`)
  // The login belongs to the first server and goes nowhere else.
  expect(other.requests.every((request) => request.headers.authorization === undefined)).toBe(true)
  expect(drive.requests.every((request) => request.headers.authorization !== undefined)).toBe(true)
})

it('leaves alone what somebody else put in the place of a file that was sent', async () => {
  const { folder, drive, cli } = await setUp()
  for (const size of [10, 3_000_000]) {
    await writeFile(join(folder, 'f'), randomBytes(size))
    const theirs = randomBytes(size + 1)
    drive.afterPut = () => drive.entries.set('f', theirs)
    const { code, stderr } = await cli(['cp', join(folder, 'f'), 'drive:/f', '--json'])
    expect({ code, error: JSON.parse(stderr).error.code }).toEqual({ code: 1, error: 'CHECKSUM_MISMATCH' })
    expect(drive.entries.get('f')?.equals(theirs)).toBe(true)
  }
})

it('keeps the old file and leaves nothing behind when bytes are wrong or missing', async () => {
  const { folder, drive, cli } = await setUp()
  const target = join(folder, 'out')
  await mkdir(target)
  await writeFile(join(target, 'a'), 'old')
  drive.entries.set('a', Buffer.alloc(2_000_000, 'a'))
  drive.corrupt.add('a')
  const wrong = await cli(['cp', 'drive:/a', target, '--json'])
  expect(wrong.code).toBe(1)
  expect(JSON.parse(wrong.stderr)).toMatchObject({ error: { code: 'CHECKSUM_MISMATCH' } })
  drive.cut.add('a')
  expect((await cli(['cp', 'drive:/a', target])).code).toBe(1)
  expect(await readFile(join(target, 'a'), 'utf8')).toBe('old')
  expect(await readdir(target)).toEqual(['a'])
})

it('notices that a server stored something else', async () => {
  const { folder, drive, cli } = await setUp()
  await writeFile(join(folder, 'a'), 'right')
  drive.corrupt.add('a')
  expect(await cli(['cp', join(folder, 'a'), 'drive:/'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('checksum of the copy'),
  })
})

it('compares with the checksum in an ARC URL', async () => {
  const { folder, drive, url, cli } = await setUp()
  drive.entries.set('a', Buffer.from('Wikipedia'))
  drive.showChecksums = false
  const source = (sum: string) =>
    `${url.replace('http', 'dav')}/dav/files/ann/a:checksumtype=adler32:checksumvalue=${sum}`
  const good = await cli(['cp', source('11E60398'), join(folder, 'a'), '--json'])
  expect(JSON.parse(good.stdout)).toMatchObject({ verified: true, checksums: { adler32: '11e60398' } })
  expect((await cli(['cp', source('00000001'), join(folder, 'a')])).code).toBe(1)
})

it('does not overwrite when told so, on either side, by option or ARC URL', async () => {
  const { folder, drive, url, cli } = await setUp()
  await writeFile(join(folder, 'a'), 'mine')
  drive.entries.set('a', Buffer.from('theirs'))
  expect((await cli(['cp', '--no-overwrite', join(folder, 'a'), 'drive:/a'])).code).toBe(1)
  expect((await cli(['cp', '--no-overwrite', 'drive:/a', join(folder, 'a')])).code).toBe(1)
  expect((await cli(['cp', join(folder, 'a'), `${url};overwrite=no/dav/files/ann/a`])).code).toBe(1)
  expect(drive.entries.get('a')?.toString()).toBe('theirs')
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('mine')
})

it('goes on after a failure and exits with 3', async () => {
  const { folder, drive, cli } = await setUp()
  for (const name of ['a', 'b', 'c']) drive.entries.set(`d/${name}`, Buffer.from(name))
  drive.entries.set('d', undefined)
  drive.corrupt.add('d/b')
  const answer = await cli(['cp', '-r', 'drive:/d', folder, '--json'])
  expect(answer.code).toBe(3)
  expect(
    answer.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).source)
      .sort(),
  ).toEqual(['drive:/d/a', 'drive:/d/c'])
  expect((await readdir(join(folder, 'd'))).sort()).toEqual(['a', 'c'])
})

it('never lets a listing write outside the destination', async () => {
  const folder = await temporaryFolder()
  const { url } = await startServer((request, response) => {
    if (request.method !== 'PROPFIND') return response.end('evil')
    const entry = (href: string, type: string) =>
      `<response><href>${href}</href><propstat><prop><resourcetype>${type}</resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat></response>`
    const members =
      request.headers.depth === '1'
        ? entry('/d/..%2fescaped', '') + entry('/d/%2e%2e', '<collection/>') + entry('/d/ok%00', '')
        : ''
    response
      .writeHead(207)
      .end(`<multistatus xmlns="DAV:">${entry('/d/', '<collection/>')}${members}</multistatus>`)
  })
  const cli = createCli(folder)
  expect((await cli(['cp', '-r', `${url}/d`, join(folder, 'out')])).code).toBe(0)
  expect(await readdir(folder)).toEqual(['out'])
  expect(await readdir(join(folder, 'out'))).toEqual([])
})

it('takes standard input and gives standard output', async () => {
  const { drive, cli } = await setUp()
  expect((await cli(['cp', '-', 'drive:/in.txt'], 'piped')).code).toBe(0)
  expect(drive.entries.get('in.txt')?.toString()).toBe('piped')
  expect((await cli(['cp', 'drive:/in.txt', '-'])).stdout).toBe('piped')
  expect((await cli(['cat', '/in.txt', 'drive:/in.txt'])).stdout).toBe('pipedpiped')
  expect((await cli(['cp', '-', 'drive:/'], 'x')).code).toBe(2)
})

it('names what is missing and what to do', async () => {
  const { folder, cli } = await setUp()
  await writeFile(join(folder, 'a'), 'a')
  const cases: [string[], number, string][] = [
    [['cp', 'drive:/none', folder], 1, 'drive:/none: nothing is there.'],
    [['cp', join(folder, 'none'), 'drive:/'], 1, 'nothing is there.'],
    [['cp', join(folder, 'a'), 'drive:/none/a'], 1, 'mkdir -p'],
    [['cp', join(folder, 'a'), 'drive:/none/'], 1, 'is not a folder'],
    [['cp', folder, 'drive:/x'], 2, 'copy it with -r'],
    [['cp', join(folder, 'a'), 'drive:/', '--parallel', '0'], 2, '--parallel'],
    [['cat', 'drive:/none'], 1, '/none: nothing is there.'],
    [['ls', 'drive:/none'], 1, '/none: nothing is there.'],
    [['rm', 'drive:/'], 2, 'whole drive'],
  ]
  for (const [args, code, words] of cases) {
    expect(await cli(args), args.join(' ')).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(words),
    })
  }
})

it('lists, short and long, deep and as JSON', async () => {
  const { drive, cli } = await setUp()
  drive.entries.set('d', undefined).set('d/x.txt', Buffer.from('xyz')).set('a.bin', Buffer.alloc(2048))
  expect((await cli(['ls'])).stdout).toBe('a.bin\nd/\n')
  expect((await cli(['ls', '-r', '/'])).stdout).toBe('/a.bin\n/d/\n/d/x.txt\n')
  expect((await cli(['ls', '-l', 'drive:/d/x.txt'])).stdout).toMatch(
    /^3 B {2}2026-11-21 \d\d:00 {2}sha256:3608bca1e44e {2}x\.txt\n$/,
  )
  const lines = (await cli(['ls', '--json', '/d'])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toEqual([
    {
      path: '/d/x.txt',
      name: 'x.txt',
      kind: 'file',
      sizeBytes: 3,
      modifiedAt: '2026-11-21T03:00:00.000Z',
      checksums: { sha256: expect.any(String) },
    },
  ])
})

it('makes folders with their parents and removes them with what is inside', async () => {
  const { drive, cli } = await setUp()
  expect((await cli(['mkdir', '/a/b/c'])).code).toBe(1)
  expect((await cli(['mkdir', '-p', '/a/b/c', 'drive:/a'])).code).toBe(0)
  expect(drive.entries.has('a/b/c')).toBe(true)
  expect(await cli(['rm', '/a'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('remove it with -r'),
  })
  expect((await cli(['rm', '-r', '/a/b/c', '/none'])).code).toBe(3)
  expect((await cli(['rm', '-r', '/a'])).code).toBe(0)
  expect([...drive.entries.keys()]).toEqual([''])
})

it('compares the checksum that was stated although the server shows a stronger one', async () => {
  const { folder, drive, url, cli } = await setUp()
  drive.entries.set('a', Buffer.from('Wikipedia'))
  const source = `${url}/dav/files/ann/a:checksumtype=adler32:checksumvalue=00000001`
  for (const target of [join(folder, 'a'), '-']) {
    expect(await cli(['cp', source, target])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('checksum'),
    })
  }
  expect(await readdir(folder)).toEqual([])
})
