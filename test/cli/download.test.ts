import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCli, temporaryFolder } from './support/cli.ts'
import { startServer } from './support/http-server.ts'
import { RangeServer } from './support/range-server.ts'

const MIB = 1024 * 1024
const bytes = randomBytes(36 * MIB + 7)
const sha256 = createHash('sha256').update(bytes).digest('hex')

async function setUp(content = bytes) {
  const folder = await temporaryFolder()
  const server = new RangeServer(content)
  const { url } = await startServer(server.handle)
  const cli = createCli(folder)
  const target = join(folder, 'f.bin')
  return {
    folder,
    server,
    url,
    cli,
    target,
    isRight: async () => (await readFile(target)).equals(server.content),
  }
}

it('reads a large file over several connections and gets every byte right', async () => {
  const { server, url, cli, target, isRight, folder } = await setUp()
  const source = `${url};threads=4/f.bin:checksumtype=sha256:checksumvalue=${sha256}`
  const answer = await cli(['cp', source, target, '--json'])
  expect(JSON.parse(answer.stdout)).toMatchObject({ verified: true, sizeBytes: bytes.length })
  expect(await isRight()).toBe(true)
  expect(server.ranges).toContain(`bytes=${32 * MIB}-${bytes.length - 1}`)
  expect(server.ranges).toHaveLength(5)
  expect(server.mostBusy).toBeGreaterThan(1)
  expect(await readdir(folder)).toEqual(['f.bin'])
})

it('asks for no ranges where the URL or an option forbids them', async () => {
  for (const [path, ...more] of [
    [';threads=4;httpgetpartial=no/f.bin'],
    ['/f.bin', '--threads', '4', '--no-resume'],
  ]) {
    const { server, url, cli, target, isRight } = await setUp()
    expect((await cli(['cp', `${url}${path}`, target, ...more])).code).toBe(0)
    expect(server.ranges).toEqual([undefined])
    expect(await isRight()).toBe(true)
  }
})

it.each([
  [[]],
  [['--threads', '3']],
])('goes on where a broken download ended, within one command %j', async (more) => {
  const { folder, server, url, cli, target, isRight } = await setUp()
  server.cutAfter = [5 * MIB, 3 * MIB]
  expect((await cli(['cp', `${url}/f.bin`, target, '-R', '3', ...more])).code).toBe(0)
  expect(await isRight()).toBe(true)
  expect(await readdir(folder)).toEqual(['f.bin'])
  if (more.length === 0) expect(server.ranges.at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
})

it('goes on in the next command, and begins anew when the file has changed', async () => {
  const { folder, server, url, cli, target, isRight } = await setUp()
  const broken = async () => {
    server.cutAfter = [9 * MIB]
    const answer = await cli(['cp', `${url}/f.bin`, target, '-R', '0'])
    expect(answer).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('are kept; the same command goes on'),
    })
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toHaveLength(1)
  }
  await broken()
  expect((await cli(['cp', `${url}/f.bin`, target])).code).toBe(0)
  expect(server.ranges.at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
  expect(await isRight()).toBe(true)
  expect(await readdir(folder)).toEqual(['f.bin'])
  await broken()
  server.content = randomBytes(bytes.length)
  server.etag = '"v2"'
  expect((await cli(['cp', `${url}/f.bin`, target])).code).toBe(0)
  expect(server.ranges.at(-1)).toBeUndefined()
  expect(await isRight()).toBe(true)
})

it('takes up what a killed process left, and leaves alone what a living one writes', async () => {
  const { folder, server, url, cli, target, isRight } = await setUp()
  server.cutAfter = [9 * MIB]
  await cli(['cp', `${url}/f.bin`, target, '-R', '0'])
  const kept = (await readdir(folder)).find((name) => name.endsWith('.part')) ?? ''
  const { rename } = await import('node:fs/promises')
  const living = kept.replace('.part', `-${process.pid}-99.part`)
  await writeFile(join(folder, living), 'busy')
  await rename(join(folder, kept), join(folder, kept.replace('.part', '-4194304-1.part')))
  expect((await cli(['cp', `${url}/f.bin`, target])).code).toBe(0)
  expect(server.ranges.at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
  expect(await isRight()).toBe(true)
  expect((await readdir(folder)).sort()).toEqual([living, 'f.bin'].sort())
})

it.each([
  ['shifted', ['--threads', '3'], 'was asked for bytes'],
  ['longer', [], 'bytes came|was cut|lists \\d+ bytes'],
  ['listed larger', [], 'lists \\d+ bytes and sends'],
] as const)('refuses what a server says that lies: %s', async (lie, more, words) => {
  const { folder, server, url, cli, target } = await setUp()
  server.lie = lie
  const answer = await cli(['cp', `${url}/f.bin`, target, '-R', '0', '--json', ...more])
  expect(answer.code).toBe(1)
  expect(JSON.parse(answer.stderr).error.message).toMatch(new RegExp(words))
  expect(await readdir(folder)).not.toContain('f.bin')
})

it('copes with a server that knows no ranges', async () => {
  const { server, url, cli, target, isRight } = await setUp()
  server.lie = 'ignores'
  expect((await cli(['cp', `${url}/f.bin`, target, '--threads', '5'])).code).toBe(0)
  expect(await isRight()).toBe(true)
})

it('removes what is wrong by its stated checksum, large or small, and keeps the old file', async () => {
  for (const content of [bytes, Buffer.from('small')]) {
    const { folder, url, cli, target } = await setUp(content)
    await writeFile(target, 'old')
    const source = `${url}/f.bin:checksumtype=adler32:checksumvalue=1`
    const answer = await cli(['cp', source, target])
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('checksum') })
    expect(await readdir(folder)).toEqual(['f.bin'])
    expect(await readFile(target, 'utf8')).toBe('old')
  }
})

it('computes the checksum that the URL asks for, or none', async () => {
  const { url, cli, target } = await setUp(Buffer.from('123456789'))
  const sums: [string, object][] = [
    [';checksum=cksum', { cksum: '377a6011' }],
    [';checksum=adler32', { adler32: '091e01de' }],
    [';checksum=md5', { md5: '25f9e794323b453885f5181f1b624d0b' }],
    [';checksum=no', {}],
  ]
  for (const [option, checksums] of sums) {
    const answer = await cli(['cp', `${url}${option}/f.bin`, target, '--json'])
    expect(JSON.parse(answer.stdout).checksums).toEqual(checksums)
  }
})

it('gives the local copy the modes that the URL asks for', async () => {
  const { url, cli, target } = await setUp(Buffer.from('#!/bin/sh\n'))
  expect((await cli(['cp', `${url};exec=yes;readonly=yes;blocksize=4096/f.bin`, target])).code).toBe(0)
  expect((await stat(target)).mode & 0o777 & 0o322).toBe(0o100)
  expect((await cli(['cp', `${url}/f.bin`, `file://localhost;exec=yes${target}`])).code).toBe(0)
  expect((await stat(target)).mode & 0o300).toBe(0o300)
})

it('repeats what failed for a time, as long as it is told to', async () => {
  const { server, url, cli, target } = await setUp(Buffer.from('x'))
  const busy = { status: 503, headers: { 'Retry-After': '0' } }
  server.refusals.push(busy, busy)
  const answer = await cli(['cp', `${url}/f.bin`, target, '-R', '2'])
  expect(answer).toMatchObject({ code: 0, stderr: expect.stringContaining('Trying again') })
  server.refusals.push(busy, busy)
  expect((await cli(['cp', `${url}/f.bin`, target, '-R', '1'])).code).toBe(1)
  server.refusals.length = 0
  server.refusals.push({ status: 403, headers: {} }, { status: 403, headers: {} })
  expect((await cli(['cp', `${url}/f.bin`, target, '-R', '5'])).code).toBe(1)
  expect(server.refusals).toHaveLength(1)
})

it('sends nothing again where 303 says that the answer lies elsewhere', async () => {
  const { server, url, cli, folder } = await setUp(Buffer.from('x'))
  const asked: (string | undefined)[] = []
  const { url: other } = await startServer((request, response) => {
    asked.push(request.method)
    response.end('elsewhere')
  })
  server.refusals.push({ status: 303, headers: { Location: `${other}/shown` } })
  expect((await cli(['cat', `${url}/f.bin`])).stdout).toBe('elsewhere')
  const { url: storing } = await startServer((_request, response) => {
    response.writeHead(303, { Location: `${other}/stored` }).end()
  })
  await writeFile(join(folder, 'small'), 'x')
  expect((await cli(['cp', join(folder, 'small'), `${storing}/small`])).code).toBe(1)
  expect(asked.filter((method) => method !== 'GET' && method !== 'HEAD')).toEqual([])
})

it('follows redirects, gives logins to the first server only, and never leaves TLS', async () => {
  const { server, url, cli, target, folder } = await setUp(Buffer.from('x'))
  const asked: (string | undefined)[] = []
  const { url: other } = await startServer((request, response) => {
    asked.push(request.headers.authorization)
    response.end('elsewhere')
  })
  server.refusals.push({ status: 307, headers: { Location: `${other}/pool?token=secret` } })
  const env = { url, user: 'ann', token: 't' }
  expect((await cli(['cat', `${url}/f.bin`], { env })).stdout).toBe('elsewhere')
  expect(asked).toEqual([undefined])
  for (let count = 0; count < 7; count += 1)
    server.refusals.push({ status: 302, headers: { Location: '/f.bin?sig=s3cret' } })
  const answer = await cli(['cp', `${url}/f.bin`, target])
  expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('redirects to') })
  expect(answer.stderr).not.toContain('s3cret')
  expect(await readdir(folder)).toEqual([])
})

it('gives no login to the first server by way of another', async () => {
  const { server, url, cli } = await setUp(Buffer.from('x'))
  const asked: (string | undefined)[] = []
  const { url: first } = await startServer((request, response) => {
    asked.push(request.headers.authorization)
    if (asked.length > 1) response.end('own')
    else response.writeHead(307, { Location: `${url}/f.bin` }).end()
  })
  server.refusals.push({ status: 307, headers: { Location: `${first}/chosen-by-the-other` } })
  const env = { url: first, user: 'ann', token: 't' }
  expect((await cli(['cat', `${first}/f.bin`], { env })).stdout).toBe('own')
  expect(asked).toEqual([expect.stringMatching(/^Basic/), undefined])
})

it('stops waiting when it is told how long', async () => {
  const { cli, target } = await setUp()
  const { url } = await startServer(() => undefined)
  const answer = await cli(['cp', `${url}/f.bin`, target, '-t', '1', '-R', '0'])
  expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('no answer in time') })
})
