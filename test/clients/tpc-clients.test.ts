import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFarServer, type FarServer } from '../support/far-server.ts'
import { type NginxDav, startNginxDav } from '../support/nginx-dav.ts'
import { requireProgram, runProgram } from '../support/programs.ts'
import { createAuthority } from '../support/test-ca.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

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

describe('gfal with a token for each end', () => {
  /** What FTS does: a credential for each address, one copy, ordered at either end. */
  const PROGRAM = `
import os, gfal2
source, destination, mode, checksum = os.environ['SOURCE'], os.environ['DESTINATION'], os.environ['MODE'], os.environ['SUM']
context = gfal2.creat_context()
for url, token in ((source, os.environ['SOURCE_TOKEN']), (destination, os.environ['DESTINATION_TOKEN'])):
    context.cred_set(url, gfal2.cred_new('BEARER', token))
context.set_opt_string('HTTP PLUGIN', 'DEFAULT_COPY_MODE', mode)
context.set_opt_boolean('HTTP PLUGIN', 'ENABLE_FALLBACK_TPC_COPY', False)
parameters = context.transfer_parameters()
parameters.set_checksum(gfal2.checksum_mode.both, 'ADLER32', checksum)
parameters.create_parent = True
context.filecopy(parameters, source, destination)
`
  const tokenOfWlcg = async (user: TestUser, scope: string) => {
    const answer = await fetch(`${user.origin}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: user.authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const copy = async (mode: string, target: string, checksum = '') =>
    runProgram('/usr/bin/python3', ['-c', PROGRAM], {
      env: {
        ...{ HOME: home, MODE: mode, SUM: checksum },
        SOURCE: at(ann, '/tree/one.txt', 'dav'),
        DESTINATION: at(bob, target, 'dav'),
        SOURCE_TOKEN: await tokenOfWlcg(ann, 'storage.read:/tree'),
        DESTINATION_TOKEN: await tokenOfWlcg(bob, 'storage.read:/fts storage.modify:/fts'),
      },
    })

  it.each(['3rd pull', '3rd push'])('copies from one node to the other, %s', async (mode) => {
    const target = `/fts/${mode.replace(' ', '-')}.txt`
    await bob.dav('MKCOL', '/fts')
    const { code, stderr } = await copy(mode, target)
    expect(code, stderr).toBe(0)
    expect((await content(bob, target)).toString()).toBe('1')
  })

  it('is stopped by a token for another folder', async () => {
    const { code, stderr } = await copy('3rd pull', '/elsewhere.txt')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/403|Permission|denied/i)])
    expect(await has(bob, '/elsewhere.txt')).toBe(false)
  })

  it('is stopped by a checksum that does not fit', async () => {
    const { code } = await copy('3rd pull', '/fts/wrong.txt', '00000001')
    expect(code).toBe(1)
    expect(await has(bob, '/fts/wrong.txt')).toBe(false)
  })
})

describe('between a node and nginx', () => {
  let nginx: NginxDav
  beforeAll(async () => {
    nginx = await startNginxDav()
    await writeFile(join(nginx.files, 'there.bin'), big)
  })
  afterAll(() => nginx.close())

  const davix = (mode: string, from: string, to: string, ...more: string[]) =>
    run('davix-cp', ['-H', `Authorization: Bearer ${annsToken}`, ...more, '--copy-mode', mode, from, to])

  it('pulls, also by several streams', async () => {
    const { code, stderr } = await davix('pull', `${nginx.origin}/there.bin`, at(ann, '/from-nginx.bin'))
    expect(code, stderr).toBe(0)
    expect((await content(ann, '/from-nginx.bin')).equals(big)).toBe(true)
    const answer = await ann.dav('COPY', '/streams.bin', {
      headers: { Source: `${nginx.origin}/there.bin`, 'X-Number-Of-Streams': '8' },
    })
    expect(await answer.text()).toMatch(/success: Created\n$/)
    expect((await content(ann, '/streams.bin')).equals(big)).toBe(true)
  })

  it('pushes large and small files', async () => {
    for (const name of ['big.bin', 'small.txt']) {
      const { code, stderr } = await davix('push', at(ann, `/${name}`), `${nginx.origin}/${name}`)
      expect(code, stderr).toBe(0)
      expect((await readFile(join(nginx.files, name))).equals(await content(ann, `/${name}`))).toBe(true)
    }
  })

  it('fails where a checksum is required, and takes the file away that nobody could check', async () => {
    const wish = ['-H', 'RequireChecksumVerification: true']
    const { code, stderr } = await davix('push', at(ann, '/big.bin'), `${nginx.origin}/unsure.bin`, ...wish)
    expect(code).not.toBe(0)
    expect(stderr).toContain('names no checksum')
    expect(await readdir(nginx.files)).not.toContain('unsure.bin')
  })

  it('does not make parents there', async () => {
    const { code, stderr } = await davix('push', at(ann, '/big.bin'), `${nginx.origin}/no/parent.bin`)
    expect(code).not.toBe(0)
    expect(stderr).toContain('Remote side failed with status code')
  })
})

describe('a client that is killed', () => {
  it('in the middle of a pull leaves nothing', async () => {
    let isGone = false
    far.seen.splice(0)
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 50_000_000 })
      response.once('close', () => {
        isGone = request.method === 'GET'
      })
      if (request.method === 'HEAD') response.end()
      else response.write(Buffer.alloc(1_000_000))
    })
    const headers = ['-H', `Authorization: Bearer ${bobsToken}`]
    const args = [...headers, '--copy-mode', 'pull', `${far.origin}/x`, at(bob, '/killed.bin')]
    const child = spawn(requireProgram('davix-cp'), args, { cwd: home, env: { HOME: home } })
    await until(
      async () => far.seen.some(({ method }) => method === 'GET'),
      (value) => value,
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    await until(
      async () => isGone,
      (value) => value,
    )
    expect(await has(bob, '/killed.bin')).toBe(false)
    expect(await bob.names('/')).not.toContain('killed.bin')
  })
})

describe('by https', () => {
  it('a macaroon for each end is enough for davix-cp', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-tpc-ca-'))
    const secure = await TestMesh.create(['leiden', 'krakow'], {}, await createAuthority(folder))
    const [leiden, krakow] = secure.nodes as [TestNode, TestNode]
    const [eva, jan] = [await leiden.addUser('eva'), await krakow.addUser('jan')]
    await eva.put('/run.dat', big)
    const url = (node: TestNode, user: TestUser) =>
      `https://127.0.0.1:${node.host.split(':')[1]}/dav/files/${user.name}/run.dat`
    const macaroon = async (node: TestNode, user: TestUser, activities: string) => {
      const body = JSON.stringify({ caveats: [`activity:${activities}`], validity: 'PT10M' })
      const type = 'Content-Type: application/macaroon-request'
      const curl = [
        '-sk',
        '-u',
        `${user.name}:${user.name}-password`,
        '-H',
        type,
        '-d',
        body,
        url(node, user),
      ]
      return (JSON.parse((await run('curl', curl)).stdout) as { macaroon: string }).macaroon
    }
    const source = await macaroon(leiden, eva, 'LIST,DOWNLOAD')
    const target = await macaroon(krakow, jan, 'LIST,DOWNLOAD,MANAGE,UPLOAD,DELETE')
    const { code, stderr } = await run('davix-cp', [
      ...['-k', '--copy-mode', 'pull', '-H', `Authorization: Bearer ${target}`],
      ...['-H', `TransferHeaderAuthorization: Bearer ${source}`],
      ...[`davs://${leiden.host}/dav/files/eva/run.dat`, url(krakow, jan)],
    ])
    expect(code, stderr).toBe(0)
    expect((await content(jan, '/run.dat')).equals(big)).toBe(true)
    await secure.close()
    await rm(folder, { recursive: true, force: true })
  })
})
