import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFarServer, type FarServer } from '../support/far-server.ts'
import { requireProgram, runProgram } from '../support/programs.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

/** The grid's own clients order copies between two nodes, and between a node and another server. */
let mesh: TestMesh & { nodes: TestNode[] }
let ann: TestUser
let bob: TestUser
let far: FarServer
let home: string
let annsToken: string
let bobsToken: string
const big = randomBytes(20_000_000)

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'causeway-tpc-client-'))
  mesh = await TestMesh.create(['leiden', 'krakow'])
  const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  bob = await krakow.addUser('bob')
  annsToken = await tokenOf(ann)
  bobsToken = await tokenOf(bob)
  far = await createFarServer()
  await ann.put('/big.bin', big)
  await ann.put('/small.txt', 'small')
  await ann.dav('MKCOL', '/tree')
  await ann.dav('MKCOL', '/tree/sub')
  await ann.put('/tree/one.txt', '1')
  await ann.put('/tree/sub/two.txt', '22')
})

afterAll(async () => {
  await far.close()
  await mesh.close()
  await rm(home, { recursive: true, force: true })
})

async function tokenOf(user: TestUser): Promise<string> {
  return (await user.api<{ password: string }>('POST', '/me/app-passwords', { label: 'grid' })).password
}

const at = (user: TestUser, path: string, scheme = 'http') =>
  `${user.origin.replace('http', scheme)}/dav/files/${user.name}${path}`
const content = async (user: TestUser, path: string) =>
  Buffer.from(await (await user.dav('GET', path)).arrayBuffer())
const has = async (user: TestUser, path: string) => (await user.dav('HEAD', path)).ok

const run = (program: string, args: string[], env: Record<string, string> = {}) =>
  runProgram(requireProgram(program), args, { cwd: home, env: { HOME: home, ...env } })

describe('davix-cp', () => {
  const headers = () => [
    ...['-H', `Authorization: Bearer ${bobsToken}`],
    ...['-H', `TransferHeaderAuthorization: Bearer ${annsToken}`],
  ]
  const pull = (from: string, to: string) => run('davix-cp', [...headers(), '--copy-mode', 'pull', from, to])
  const push = (from: string, to: string) =>
    run('davix-cp', [
      ...['-H', `Authorization: Bearer ${annsToken}`],
      ...['-H', `TransferHeaderAuthorization: Bearer ${bobsToken}`, from, to],
    ])

  it('pulls', async () => {
    const { code, stderr } = await pull(at(ann, '/big.bin'), at(bob, '/davix-pull.bin'))
    expect([stderr, code]).toEqual(['', 0])
    expect((await content(bob, '/davix-pull.bin')).equals(big)).toBe(true)
  })

  it('pushes', async () => {
    const { code, stderr } = await push(at(ann, '/big.bin'), at(bob, '/davix-push.bin'))
    expect([stderr, code]).toEqual(['', 0])
    expect((await content(bob, '/davix-push.bin')).equals(big)).toBe(true)
  })

  it('ends with an error and the reason when the copy fails', async () => {
    const failed = await pull(at(ann, '/nothing.bin'), at(bob, '/davix-no.bin'))
    expect(failed.code).not.toBe(0)
    expect(failed.stderr).toContain('Remote side failed with status code 404')
    const refused = await push(at(ann, '/small.txt'), at(bob, '/no/folder/x.txt'))
    expect(refused.code).not.toBe(0)
    expect(await has(bob, '/davix-no.bin')).toBe(false)
  })

  it('leaves nothing behind when the source breaks off', async () => {
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 1_000_000 })
      if (request.method === 'HEAD') response.end()
      else response.write('half', () => response.destroy())
    })
    const { code, stderr } = await pull(`${far.origin}/half.bin`, at(bob, '/half.bin'))
    expect(code).not.toBe(0)
    expect(stderr).toContain('partial file')
    expect(await has(bob, '/half.bin')).toBe(false)
  })
})

describe('gfal-copy', () => {
  /** These clients show one token to both ends. */
  const gfal = (args: string[]) =>
    run('gfal-copy', args, { BEARER_TOKEN: annsToken, GFAL_PYTHONBIN: '/usr/bin/python3' })
  const dav = (path: string) => at(ann, path, 'dav')

  it.each(['pull', 'push'])('copies in mode %s, verified by adler32 at both ends', async (mode) => {
    const target = `/gfal-${mode}.bin`
    const { code, stdout, stderr } = await gfal([
      ...['--copy-mode', mode, '-K', 'adler32', '-v', dav('/big.bin'), dav(target)],
    ])
    expect(code, stdout + stderr).toBe(0)
    expect((await content(ann, target)).equals(big)).toBe(true)
  })

  it('copies a tree', async () => {
    const { code, stdout, stderr } = await gfal(['-r', '-p', dav('/tree'), dav('/tree-copy')])
    expect(code, stdout + stderr).toBe(0)
    expect((await content(ann, '/tree-copy/sub/two.txt')).toString()).toBe('22')
  })

  it('overwrites only with -f', async () => {
    await ann.put('/there.txt', 'there')
    expect((await gfal(['--copy-mode', 'pull', dav('/small.txt'), dav('/there.txt')])).code).not.toBe(0)
    expect((await content(ann, '/there.txt')).toString()).toBe('there')
    const forced = await gfal(['-f', '--copy-mode', 'pull', dav('/small.txt'), dav('/there.txt')])
    expect(forced.code, forced.stderr).toBe(0)
    expect((await content(ann, '/there.txt')).toString()).toBe('small')
  })

  it('fails when the source is another than its checksum says', async () => {
    const { code } = await gfal([
      ...['--copy-mode', 'pull', '-K', 'adler32:00000001', dav('/small.txt'), dav('/no-sum.txt')],
    ])
    expect(code).not.toBe(0)
    expect(await has(ann, '/no-sum.txt')).toBe(false)
  })
})
