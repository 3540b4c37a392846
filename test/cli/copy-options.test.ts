import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { walk } from '../../src/cli/copy-many.ts'
import type { Place, Tree } from '../../src/cli/tree.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { startServer } from './support/http-server.ts'
import { TinyDrive } from './support/tiny-drive.ts'

async function setUp() {
  const folder = await temporaryFolder()
  const drive = new TinyDrive('/dav/files/ann')
  const { url } = await startServer(drive.handle)
  const run = createCli(folder)
  const env = { url, user: 'ann', token: 'x' }
  const cli = (args: string[], stdin?: string) => run(args, stdin === undefined ? { env } : { env, stdin })
  const local = async (name: string, content: string) => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  return { folder, drive, url, cli, local }
}

const words = (text: string) => expect.stringContaining(text)

it('leaves what is there where it shall not be clobbered, and replaces by force', async () => {
  const { drive, url, cli, local, folder } = await setUp()
  const file = await local('a', 'mine')
  drive.entries.set('a', Buffer.from('theirs'))
  expect(await cli(['cp', '-n', file, 'drive:/a'])).toMatchObject({ code: 0, stderr: '' })
  expect(await cli(['cp', '-n', 'drive:/a', file])).toMatchObject({ code: 0, stderr: '' })
  const skipped = await cli(['cp', '-n', file, 'drive:/a', '--json'])
  expect(JSON.parse(skipped.stdout)).toMatchObject({ skipped: true })
  expect(drive.entries.get('a')?.toString()).toBe('theirs')
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('mine')
  expect((await cli(['cp', '-f', file, `${url};overwrite=no/dav/files/ann/a`])).code).toBe(0)
  expect(drive.entries.get('a')?.toString()).toBe('mine')
  expect(await cli(['cp', '-f', '-n', file, 'drive:/a'])).toMatchObject({ code: 2, stderr: words('exclude') })
})

it('makes missing folders where it is told to, by option or URL', async () => {
  const { folder, drive, url, cli, local } = await setUp()
  const file = await local('a', 'a')
  expect((await cli(['cp', '-p', file, 'drive:/x/y/z'])).code).toBe(0)
  expect((await cli(['cp', file, `${url};autodir=yes/dav/files/ann/p/q/`])).code).toBe(0)
  expect(drive.entries.get('x/y/z')?.toString()).toBe('a')
  expect(drive.entries.get('p/q/a')?.toString()).toBe('a')
  expect((await cli(['cp', '-p', 'drive:/x/y/z', join(folder, 'm/n/o')])).code).toBe(0)
  expect(await readFile(join(folder, 'm/n/o'), 'utf8')).toBe('a')
})

it('goes no deeper than it is told', async () => {
  const { folder, drive, cli } = await setUp()
  for (const name of ['d', 'd/e', 'd/e/f']) drive.entries.set(name, undefined)
  for (const name of ['d/1', 'd/e/2', 'd/e/f/3']) drive.entries.set(name, Buffer.from('x'))
  expect((await cli(['cp', '-r', '-D', '2', 'drive:/d', join(folder, 'out')])).code).toBe(0)
  expect((await readdir(join(folder, 'out'), { recursive: true })).sort()).toEqual(['1', 'e', 'e/2'])
  expect((await cli(['ls', '-r', '-D', '2', '/d'])).stdout).toBe('/d/1\n/d/e/\n/d/e/2\n/d/e/f/\n')
})

it('tells what it would do and does nothing', async () => {
  const { folder, drive, cli, local } = await setUp()
  await mkdir(join(folder, 'd'))
  await local('d/new', 'n')
  await local('d/old', 'o')
  drive.entries.set('d', undefined).set('d/d', undefined).set('d/d/old', Buffer.from('old'))
  const answer = await cli(['cp', '-r', '--dry-run', '-n', join(folder, 'd'), 'drive:/d', '--json'])
  const told = answer.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(told.map(({ action, target }) => [action, target])).toEqual([
    ['copy', 'drive:/d/d/new'],
    ['skip', 'drive:/d/d/old'],
  ])
  expect(drive.requests.every(({ method }) => method === 'PROPFIND' || method === 'GET')).toBe(true)
})

it('copies what lists name: pairs, sources into a folder, as many of both', async () => {
  const { folder, drive, cli, local } = await setUp()
  const [a, b] = [await local('a b', 'A'), await local('b', 'B')]
  const pairs = await local('pairs', `# two\n"${a}" drive:/1\n\n${b}\tdrive:/2\n`)
  expect(await cli(['cp', '--list', pairs])).toEqual({ code: 0, stdout: '', stderr: '' })
  const sources = await local('sources', `${a}\n${b}\n`)
  drive.entries.set('in', undefined)
  expect((await cli(['cp', `urllist://${sources}`, 'drive:/in'])).code).toBe(0)
  const targets = await local('targets', 'drive:/3\ndrive:/4\n')
  expect((await cli(['cp', `@${sources}`, `@${targets}`])).code).toBe(0)
  expect((await cli(['cp', '--list', '-'], `drive:/3 ${join(folder, 'back')}`)).code).toBe(0)
  const found = ['1', '2', 'in/a b', 'in/b', '3', '4'].map((name) => String(drive.entries.get(name)))
  expect(found).toEqual(['A', 'B', 'A', 'B', 'A', 'B'])
  expect(await readFile(join(folder, 'back'), 'utf8')).toBe('A')
})

it('says what is wrong with a list', async () => {
  const { cli, local } = await setUp()
  const [one, two] = [await local('one', 'drive:/a'), await local('two', 'drive:/a\ndrive:/b')]
  const cases: [string[], number, string][] = [
    [['--list', one], 2, 'line 1: a source and a destination'],
    [['--list', '/nonexistent'], 1, 'no such list'],
    [['--list', one, 'a', 'b'], 2, 'leave the arguments out'],
    [['--list', await local('empty', '# nothing\n')], 2, 'lists nothing'],
    [[`@${two}`, `@${one}`], 2, '2 sources'],
    [['drive:/a', `@${one}`], 2, 'needs a list of sources'],
  ]
  for (const [args, code, said] of cases)
    expect(await cli(['cp', ...args]), args.join(' ')).toMatchObject({ code, stderr: words(said) })
})

it('takes passwords of URLs from lists only, and repeats none', async () => {
  const { folder, drive, cli, local, url } = await setUp()
  const listed = url.replace('http://', 'dav://ann:S3cret@')
  drive.entries.set('a', Buffer.from('a'))
  const refused = await cli(['cp', `${listed}/dav/files/ann/a`, folder])
  expect(refused).toMatchObject({ code: 2, stderr: words('must not hold') })
  const pairs = `${listed}/dav/files/ann/a ${folder}/out\n${listed}/dav/files/ann/none ${folder}/none`
  const answer = await cli(['cp', '--list', await local('pairs', pairs), '--json'])
  expect(answer.code).toBe(3)
  expect(await readFile(join(folder, 'out'), 'utf8')).toBe('a')
  const login = drive.requests.find(({ path }) => path === 'a')?.headers.authorization
  expect(login).toBe(`Basic ${Buffer.from('ann:S3cret').toString('base64')}`)
  expect(refused.stderr + answer.stdout + answer.stderr).not.toContain('S3cret')
})

it('refuses to copy something onto or into itself, however it is named', async () => {
  const { folder, drive, url, cli, local } = await setUp()
  const file = await local('a', 'a')
  await mkdir(join(folder, 'd/e'), { recursive: true })
  await symlink(join(folder, 'd'), join(folder, 'link'))
  drive.entries.set('d', undefined).set('d/e', undefined).set('x', Buffer.from('x'))
  const cases: [string[], string][] = [
    [[file, file], 'are the same'],
    [[file, folder], 'are the same'],
    [['-r', join(folder, 'd'), join(folder, 'd/e')], 'inside the source'],
    [['-r', join(folder, 'd'), join(folder, 'link/e')], 'inside the source'],
    [['drive:/x', 'drive:/x'], 'are the same'],
    [['drive:/x', `${url}/dav/files/ann/x`], 'are the same'],
    [['-r', 'drive:/d', 'drive:/d/e'], 'inside the source'],
    [['-r', 'drive:/d', `${url}/dav/files/ann/d/e/new`], 'inside the source'],
  ]
  for (const [args, said] of cases)
    expect(await cli(['cp', ...args]), args.join(' ')).toMatchObject({ code: 2, stderr: words(said) })
  expect(await readFile(file, 'utf8')).toBe('a')
  expect(await cli(['mv', '/d', '/d/e'])).toMatchObject({ code: 2, stderr: words('inside the source') })
  expect(await cli(['mv', '/x', 'x'])).toMatchObject({ code: 2, stderr: words('the same') })
})

it('tells once what it ignores, and refuses what it does not know', async () => {
  const { folder, url, cli, drive } = await setUp()
  drive.entries.set('a', Buffer.from('a')).set('b', Buffer.from('b'))
  const at = (options: string, name: string) => `${url}${options}/dav/files/ann/${name}`
  const answer = await cli(['cp', at(';spacetoken=X', 'a'), at(';spacetoken=X', 'b'), folder])
  expect(answer.code).toBe(0)
  expect(answer.stderr.match(/spacetoken/g)).toHaveLength(1)
  for (const [args, said] of [
    [['cp', at(';speed=9', 'a'), folder], '"speed" is no option'.replace('"', '";')],
    [['ls', at(';speed=9', 'a')], 'is no option'],
    [['cp', at(';secure=yes', 'a'), folder], 'without TLS'],
    [['cp', '-y', '/cache', at('', 'a'), folder], 'keeps no cache'],
    [['cp', '-u', 'dav://h.example/a', folder], 'without TLS'],
    [['cp', 'gsiftp://h/a', folder], 'not spoken'],
    [['cp', '-R', 'many', 'a', 'b'], 'from 0 to 100'],
    [['cp', '--dry-run', '-', 'drive:/x'], 'nothing to say'],
  ] as [string[], string][])
    expect(await cli(args), args.join(' ')).toMatchObject({ code: 2, stderr: words(said) })
})

it('goes on after a failure that is allowed, and ends well', async () => {
  const { folder, url, cli, drive } = await setUp()
  drive.entries.set('b', Buffer.from('b'))
  const at = (options: string, name: string) => `${url}${options}/dav/files/ann/${name}`
  const answer = await cli(['cp', at(';failureallowed=yes', 'none'), at('', 'b'), folder])
  expect(answer).toMatchObject({ code: 0, stderr: words('nothing is there') })
  expect(await readFile(join(folder, 'b'), 'utf8')).toBe('b')
})

it('says which names this disk cannot hold and copies the others', async () => {
  const { folder, drive, cli } = await setUp()
  const long = 'x'.repeat(300)
  drive.entries.set('d', undefined).set(`d/${long}`, Buffer.from('x')).set('d/ok', Buffer.from('ok'))
  const answer = await cli(['cp', '-r', 'drive:/d', folder])
  expect(answer).toMatchObject({ code: 3, stderr: words('the name is too long for this disk') })
  expect(await readdir(join(folder, 'd'))).toEqual(['ok'])
})

it('walks a folder ten thousand deep', async () => {
  const folder = { kind: 'folder' as const, sizeBytes: 0, mtimeMs: undefined, checksums: {} }
  const tree = {
    list: async (path: readonly string[]) => (path.length < 10_000 ? [{ name: 'd', ...folder }] : []),
  } as unknown as Tree
  const root: Place = { tree, path: [] }
  let deepest = 0
  for await (const item of walk(root, root)) deepest = Math.max(deepest, item.target.path.length)
  expect(deepest).toBe(10_000)
}, 20_000)

it('ends a copy of a folder too deep for the disk in words, and leaves what fits', async () => {
  const { folder, cli } = await setUp()
  const { url } = await startServer((request, response) => {
    const here = (request.url ?? '/').replace(/\/$/, '')
    const entry = (href: string) =>
      `<response><href>${href}/</href><propstat><prop><resourcetype><collection/></resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat></response>`
    const below = request.headers.depth === '1' ? entry(`${here}/${'n'.repeat(200)}`) : ''
    response.writeHead(207).end(`<multistatus xmlns="DAV:">${entry(here)}${below}</multistatus>`)
  })
  const answer = await cli(['cp', '-r', `${url}/d`, join(folder, 'out')])
  expect(answer.code).toBe(1)
  expect(answer.stderr).toMatch(/too long|431/)
  expect((await readdir(join(folder, 'out'))).length).toBe(1)
})

it('moves, shows facts and sums', async () => {
  const { folder, drive, cli } = await setUp()
  drive.entries.set('d', undefined).set('a', Buffer.from('Wikipedia')).set('b', Buffer.from('b'))
  expect(await cli(['mv', '/a', '/b'])).toMatchObject({ code: 1, stderr: words('may not be overwritten') })
  expect(await cli(['mv', '/a', '/none/'])).toMatchObject({ code: 1, stderr: words('not a folder') })
  expect((await cli(['rename', '/a', '/d'])).code).toBe(0)
  expect((await cli(['mv', '-f', '/b', '/d/a2'])).code).toBe(0)
  expect([...drive.entries.keys()].sort()).toEqual(['', 'd', 'd/a', 'd/a2'])
  expect((await cli(['sum', '--type', 'adler32', 'drive:/d/a'])).stdout).toBe('11e60398  drive:/d/a\n')
  expect(JSON.parse((await cli(['sum', 'drive:/d/a', '--json'])).stdout)).toMatchObject({ from: 'server' })
  expect(JSON.parse((await cli(['sum', '--compute', 'drive:/d/a', '--json'])).stdout)).toMatchObject({
    from: 'computed',
  })
  await writeFile(join(folder, 'l'), 'Wikipedia')
  expect((await cli(['sum', '--type', 'adler32', join(folder, 'l')])).stdout).toContain('11e60398')
  await writeFile(join(folder, 'dog'), 'dog')
  expect((await cli(['sum', '--type', 'crc32c', join(folder, 'dog')])).stdout).toContain('0a72a4df')
  expect((await cli(['stat', 'drive:/d/a'])).stdout).toMatch(/kind +file\nsizeBytes +9\n/)
  expect((await cli(['ls', '-m', '/d/a'])).stdout).toMatch(/^\/d\/a\n {2}type {4}file\n/)
  expect((await cli(['ls', '-n', '/d'])).stdout).toBe('d/\n')
  expect(await cli(['ls', '-c', '/d', '/d/a'])).toEqual({ code: 0, stdout: '', stderr: '' })
  expect((await cli(['ls', '-c', '/none'])).code).toBe(1)
  expect((await cli(['rm', '-f', '/none'])).code).toBe(0)
  expect((await cli(['rm', '/none'])).code).toBe(1)
})
