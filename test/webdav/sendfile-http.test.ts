import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { shareAndAccept, type TestUser, until } from '../support/test-user.ts'

const SBIN = '/usr/sbin/nginx' // not on the path of ordinary users
const NGINX = existsSync(SBIN) ? SBIN : requireProgram('nginx')
const CONTENT = randomBytes(300_000)
const NAME = '/with space, über & #%.bin'
const ADDRESS = encodeURI(NAME).replace('#', '%23')

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser
let folder: string
let nginx: ChildProcess
let proxy: string

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'], {
    server: { sendfile: 'x-accel-redirect', trustedProxies: ['127.0.0.0/8'] },
  })
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
  await ann.put(ADDRESS, new Uint8Array(CONTENT))
  await ann.put('/small', 'small')
  await ann.put('/page.html', `<script>alert(1)</script>${' '.repeat(100_000)}`)
  folder = await mkdtemp(join(tmpdir(), 'causeway-nginx-'))
  const port = await freePort()
  proxy = `http://127.0.0.1:${port}`
  await writeFile(join(folder, 'nginx.conf'), await configuration(port))
  nginx = spawn(NGINX, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'])
  await until(
    () => fetch(proxy).catch(() => undefined),
    (answer) => answer !== undefined,
  )
})

afterAll(async () => {
  nginx?.kill()
  if (nginx?.exitCode === null) await once(nginx, 'exit')
  await mesh.close()
  await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The lines that the manual gives, with this node's addresses in them. */
async function configuration(port: number): Promise<string> {
  const manual = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  const lines = /```nginx\n(location \/ \{.*?)```/s.exec(manual)?.[1] ?? ''
  const spaces = await realpath(join(leiden.folder, 'spaces'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    ${lines.replaceAll('http://127.0.0.1:8080', leiden.origin).replaceAll('/var/lib/causeway/spaces', spaces)}
  }
}
`
}

const get = (user: TestUser, path: string, headers: Record<string, string> = {}, origin = proxy) =>
  fetch(`${origin}${path}`, { headers: { authorization: user.authorization, ...headers } })
const file = (headers: Record<string, string> = {}, origin = proxy) =>
  get(ann, `/dav/files/ann${ADDRESS}`, headers, origin)
const bytes = async (answer: Response) => Buffer.from(await answer.arrayBuffer())
const asked = { 'x-sendfile-type': 'X-Accel-Redirect' }

describe('a large file behind nginx', () => {
  it('is sent by nginx: the node gives the place and no bytes', async () => {
    const direct = await file(asked, leiden.origin)
    expect(direct.status).toBe(200)
    expect(direct.headers.get('x-accel-redirect')).toMatch(
      /^\/\.causeway-files\/[\w-]+\/files\/with%20space%2C%20%C3%BCber%20%26%20%23%25\.bin$/,
    )
    expect((await bytes(direct)).length).toBe(0)
  })

  it('arrives whole, with the headers of the node', async () => {
    const answer = await file()
    const itself = await file({}, leiden.origin)
    expect(answer.status).toBe(200)
    expect((await bytes(answer)).equals(CONTENT)).toBe(true)
    expect((await bytes(itself)).equals(CONTENT)).toBe(true)
    const names = [
      'etag',
      'last-modified',
      'content-type',
      'content-length',
      'accept-ranges',
      'oc-etag',
      'oc-fileid',
      'oc-checksum',
      'x-content-type-options',
      'content-security-policy',
    ]
    for (const name of names)
      expect([name, answer.headers.get(name)]).toEqual([name, itself.headers.get(name)])
    expect(answer.headers.get('x-accel-redirect')).toBeNull()
  })

  it.each([
    ['bytes=100000-299999', 100_000, 300_000],
    ['bytes=200000-', 200_000, 300_000],
    ['bytes=-100000', 200_000, 300_000],
    ['bytes=0-9', 0, 10],
  ])('in part, %s', async (range, start, end) => {
    const etag = (await file()).headers.get('etag') ?? ''
    for (const more of [{}, { 'if-range': etag }]) {
      const answer = await file({ range, ...more })
      expect(answer.status).toBe(206)
      expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/300000`)
      expect(answer.headers.get('etag')).toBe(etag)
      expect((await bytes(answer)).equals(CONTENT.subarray(start, end))).toBe(true)
    }
    const stale = await file({ range, 'if-range': '"other"' })
    expect([stale.status, (await bytes(stale)).length]).toEqual([200, CONTENT.length])
  })

  it('in several parts, and in none', async () => {
    const several = await file({ range: 'bytes=0-99999,200000-299999' })
    expect(several.status).toBe(206)
    expect((await bytes(several)).includes(CONTENT.subarray(200_000))).toBe(true)
    expect((await file({ range: 'bytes=300000-' })).status).toBe(416)
    const nonsense = await file({ range: 'lines=1-2' })
    expect([nonsense.status, (await bytes(nonsense)).length]).toEqual([200, CONTENT.length])
  })

  it('under conditions', async () => {
    const { headers } = await file()
    const [etag = '', modified = ''] = [headers.get('etag') ?? '', headers.get('last-modified') ?? '']
    expect((await file({ 'if-none-match': etag })).status).toBe(304)
    expect((await file({ 'if-modified-since': modified })).status).toBe(304)
    expect((await file({ 'if-none-match': '"other"' })).status).toBe(200)
    const same = await file({ 'if-match': etag })
    expect([same.status, (await bytes(same)).length]).toEqual([200, CONTENT.length])
    expect((await file({ 'if-match': '"other"' })).status).toBe(412)
  })

  it('that a browser could run stays a download', async () => {
    const answer = await get(ann, '/dav/files/ann/page.html')
    expect(answer.headers.get('content-disposition')).toContain('attachment')
    expect(answer.headers.get('content-security-policy')).toContain('sandbox')
    expect(await answer.text()).toContain('<script>')
  })

  it('through a share, while there is one', async () => {
    await ann.dav('MKCOL', '/shared')
    await ann.put('/shared/big', new Uint8Array(CONTENT))
    const { mountPath } = await shareAndAccept(ann, bob, '/shared')
    const path = `/dav/files/bob${encodeURI(mountPath)}/big`
    const shared = await get(bob, path)
    expect((await bytes(shared)).equals(CONTENT)).toBe(true)
    await ann.dav('DELETE', '/shared')
    expect((await get(bob, path)).status).toBe(404)
  })
})

describe('nobody is told where files lie', () => {
  it('who comes directly, with no word of a proxy, gets the bytes', async () => {
    const answer = await file({}, leiden.origin)
    expect(answer.headers.get('x-accel-redirect')).toBeNull()
    expect((await bytes(answer)).equals(CONTENT)).toBe(true)
  })

  it('the address inside nginx cannot be asked for, by whomever', async () => {
    const redirect = (await file(asked, leiden.origin)).headers.get('x-accel-redirect') ?? ''
    for (const user of [ann, bob]) {
      for (const path of [redirect, redirect.replace('/.', '/%2e'), redirect.replace('/.', '//.')]) {
        expect((await get(user, path)).status).toBe(404)
        expect((await get(user, path, {}, leiden.origin)).status).toBe(404)
      }
    }
    expect((await fetch(`${proxy}${redirect}`)).status).toBe(404)
  })

  it('another user gets nothing, and neither does who has no password', async () => {
    expect((await get(bob, `/dav/files/ann${ADDRESS}`)).status).toBe(404)
    expect((await fetch(`${proxy}/dav/files/ann${ADDRESS}`)).status).toBe(401)
  })

  it('a link that somebody put beside the node leads nowhere', async () => {
    const [drive = ''] = (await readdir(join(leiden.folder, 'spaces'))).filter(
      (name) => !name.startsWith('.'),
    )
    const outside = join(folder, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'secret'), 'x'.repeat(100_000))
    expect(drive).not.toBe('')
    await symlink(outside, join(leiden.folder, 'spaces', drive, 'files', 'link'))
    const redirect = `/dav/files/ann/link/secret`
    expect((await get(ann, redirect)).status).toBe(404)
  })

  it('small files come from the node itself', async () => {
    const answer = await get(ann, '/dav/files/ann/small', asked, leiden.origin)
    expect(answer.headers.get('x-accel-redirect')).toBeNull()
    expect(await answer.text()).toBe('small')
  })

  it.each([
    ['it is off', { sendfile: 'none', trustedProxies: ['127.0.0.0/8'] }],
    ['the proxy is not trusted', { sendfile: 'x-accel-redirect', trustedProxies: ['10.0.0.0/8'] }],
    ['the proxy is another kind', { sendfile: 'x-sendfile', trustedProxies: ['127.0.0.0/8'] }],
  ] as const)('when %s', async (_why, server) => {
    const name = `node-${server.sendfile}-${server.trustedProxies[0].replace(/\W/g, '-')}`
    const node = await mesh.start(name, { server: { ...server, trustedProxies: [...server.trustedProxies] } })
    const eve = await node.addUser('eve')
    await eve.put('/big', new Uint8Array(CONTENT))
    const answer = await eve.dav('GET', '/big', { headers: asked })
    expect([...answer.headers.keys()].filter((key) => /accel|sendfile/.test(key))).toEqual([])
    expect((await bytes(answer)).equals(CONTENT)).toBe(true)
    await node.close()
  })

  it('Apache is given the local path, encoded', async () => {
    const server = { sendfile: 'x-sendfile' as const, trustedProxies: ['127.0.0.0/8'] }
    const node = await mesh.start('apache', { server })
    const eve = await node.addUser('eve')
    await eve.put(ADDRESS, new Uint8Array(CONTENT))
    const answer = await eve.dav('GET', ADDRESS, { headers: { 'x-sendfile-type': 'X-Sendfile' } })
    const local = decodeURIComponent(answer.headers.get('x-sendfile') ?? '')
    expect((await readFile(local)).equals(CONTENT)).toBe(true)
    expect(answer.headers.get('x-sendfile')).toContain('%23%25')
  })
})
