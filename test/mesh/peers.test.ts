import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMesh } from '../fakes/ocm/mesh.ts'
import { startFakeNextcloud } from '../fakes/ocm/nextcloud.ts'
import { startFakeOpencloud } from '../fakes/ocm/opencloud.ts'
import { createAuthority } from '../support/test-ca.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, TestUser } from '../support/test-user.ts'

interface Finding {
  check: string
  level: string
  message: string
  remedy?: string
}

interface Peer {
  host: string
  state: string
  provider: string
  trust: string
  dialect: string
  dialectBy: string
  signatures: string
  checked: boolean
  discovery?: { foundAt: string; capabilities: string[] }
  keys: { keyId: string; form: string; state: string; published?: boolean }[]
  tls?: { protocol: string; issuer: string; problem?: string }
  clockSkewSeconds?: number
  lastSuccess?: { what: string }
  lastFailure?: { what: string; reason: string; status?: number }
  findings: Finding[]
}

async function addAdmin({ node, origin, host }: TestNode): Promise<TestUser> {
  const who = { name: 'root', password: 'root-password' }
  await node.accounts.addUser({ ...who, displayName: 'Root', isAdmin: true })
  return new TestUser({ ...who, origin, host })
}

const inspect = (admin: TestUser, host: string, check = true) =>
  admin.api<Peer>('GET', `/admin/peers/${encodeURIComponent(host)}?check=${check}`)
const findingOf = (peer: Peer, check: string) => peer.findings.find((finding) => finding.check === check)

describe('what is known of a peer', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let admin: TestUser

  beforeAll(async () => {
    mesh = await startMesh(['leiden', 'krakow'])
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    admin = await addAdmin(leiden)
    await ann.put('/a.txt', 'a')
  })
  afterAll(() => mesh.close())

  it('is for administrators', async () => {
    for (const [method, path] of [
      ['GET', '/admin/peers'],
      ['GET', '/admin/peers/x.test'],
      ['DELETE', '/admin/peers/x.test'],
      ['GET', '/admin/provider-entry'],
      ['GET', '/admin/directories'],
      ['POST', '/admin/directories/refresh'],
    ] as const) {
      expect((await ann.call(method, path)).status, path).toBe(403)
    }
    expect((await admin.call('GET', '/admin/peers/no%20host')).status).toBe(400)
    expect(await admin.api('GET', '/admin/peers')).toEqual({ items: [] })
  })

  it('is everything about a node that was written to', async () => {
    const before = await inspect(admin, krakow.host, false)
    expect(before).toMatchObject({ state: 'unknown', checked: false, keys: [] })
    await connect(ann, await krakow.addUser('jan'))
    const peer = await inspect(admin, krakow.host)
    expect(peer).toMatchObject({
      ...{ host: krakow.host, trust: 'trusted', checked: true, provider: 'Causeway' },
      ...{ dialect: 'standard', dialectBy: 'discovery', signatures: 'draft-07' },
      discovery: { foundAt: `http://${krakow.host}/.well-known/ocm` },
      keys: [{ form: 'draft-07', state: 'known', published: true }],
    })
    expect(peer.discovery?.capabilities).toContain('invite-wayf')
    expect(Math.abs(peer.clockSkewSeconds ?? 99)).toBeLessThan(5)
    expect(peer.findings.filter((finding) => finding.level === 'fail')).toEqual([])
    expect(findingOf(peer, 'its signatures')?.message).toMatch(
      /RFC 9421 .* by the key krakow\.test:\d+#.*, known for/,
    )
    expect(findingOf(peer, 'TLS')?.message).toContain('plain http')
    const { items } = await admin.api<{ items: Peer[] }>('GET', '/admin/peers')
    expect(items).toMatchObject([{ host: krakow.host, dialect: 'standard', lastSuccess: expect.anything() }])
  })

  it('tells the ways to fail from each other', async () => {
    const opencloud = await startFakeOpencloud({ users: ['bob'] })
    const nextcloud = await startFakeNextcloud({ users: ['bob'], version: 32 })
    await leiden.node.ocm.trust.add('evil.test', 'denied')
    const cases: [host: string, check: string, message: RegExp][] = [
      ['nowhere.invalid', 'name', /no host named/],
      ['127.0.0.1:1', 'connection', /cannot be reached/],
      ['10.0.0.1', 'address', /private address/],
      ['evil.test', 'trust', /^Not trusted: evil\.test is on the deny list/],
      [leiden.opsOrigin.replace('http://', ''), 'discovery', /no discovery document/],
    ]
    for (const [host, check, message] of cases) {
      const peer = await inspect(admin, host)
      expect(peer.state, host).toBe('fail')
      expect(findingOf(peer, check), host).toMatchObject({ level: 'fail', remedy: expect.any(String) })
      expect(findingOf(peer, check)?.message).toMatch(message)
    }
    const share = (id: string, host: string) =>
      ann.call('POST', '/shares', { path: '/a.txt', shareWith: `${id}@${host}`, role: 'viewer' })
    await share('nobody', nextcloud.host)
    const unknown = await inspect(admin, nextcloud.host)
    expect(unknown.lastFailure).toMatchObject({
      what: 'share-sent',
      reason: 'recipient-unknown',
      status: 400,
    })
    expect(findingOf(unknown, 'last failure')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('user unknown (HTTP 400)'),
      remedy: 'Check the name of the person.',
    })
    expect(unknown).toMatchObject({ dialect: 'nextcloud', signatures: 'cavage' })
    await share('bob', opencloud.host)
    const untrusting = await inspect(admin, opencloud.host)
    expect(findingOf(untrusting, 'last failure')?.message).toMatch(
      /: refused \(HTTP 40[13]\)\. opencloud\.test/,
    )
    expect(findingOf(untrusting, 'form')?.message).toContain('ocmproviders.json')
    expect(findingOf(untrusting, 'its signatures')).toMatchObject({ level: 'warn' })
    await Promise.all([opencloud.close(), nextcloud.close()])
  })

  it('says that OCM is off there, and that it refuses our signature', async () => {
    const off = await mesh.start('reva', { ocm: { enabled: false } })
    expect(findingOf(await inspect(admin, off.host), 'OCM off')).toMatchObject({
      level: 'fail',
      remedy: expect.stringContaining('enable Open Cloud Mesh'),
    })
    await off.close()
    const body = { path: '/a.txt', shareWith: `jan@${krakow.host}`, role: 'viewer' }
    await ann.api('POST', '/shares', body)
    await krakow.node.db('ocm_peer_keys').where({ host: leiden.host }).update({ fingerprint: 'another' })
    await ann.put('/b.txt', 'b')
    await ann.call('POST', '/shares', { ...body, path: '/b.txt' })
    const peer = await inspect(admin, krakow.host)
    expect(peer.lastFailure).toMatchObject({ reason: 'signature-refused', status: 401 })
    expect(findingOf(peer, 'last failure')?.message).toContain('signature refused (HTTP 401)')
    const there = await inspect(await addAdmin(krakow), leiden.host)
    expect(findingOf(there, 'changed key')).toMatchObject({
      level: 'fail',
      remedy: expect.stringContaining(`causeway peer accept-key DIR ${leiden.host}`),
    })
  })

  it('is forgotten when an administrator says so', async () => {
    await admin.api('DELETE', `/admin/peers/${encodeURIComponent(krakow.host)}`)
    const { items } = await admin.api<{ items: Peer[] }>('GET', '/admin/peers')
    expect(items.map((peer) => peer.host)).not.toContain(krakow.host)
    expect((await admin.call('DELETE', '/admin/peers/x.test')).status).toBe(404)
  })

  it('is for everybody whether files can be shared there', async () => {
    const glance = (host: string) =>
      ann.api<Record<string, unknown>>('GET', `/peers/${encodeURIComponent(host)}`)
    expect(await glance(krakow.host)).toEqual({
      ...{ host: krakow.host, usable: true, provider: 'Causeway', takesInvites: true },
      message: `${krakow.host} can be shared with.`,
    })
    expect(await glance('nowhere.invalid')).toMatchObject({ usable: false, reason: 'no-such-host' })
    expect(await glance('evil.test')).toMatchObject({ usable: false, reason: 'not-trusted' })
    const more = Array.from({ length: 30 }, () => ann.call('GET', `/peers/${krakow.host}`))
    expect((await Promise.all(more)).map((answer) => answer.status)).toContain(429)
  })

  it('prints the entry for servers that ask nobody', async () => {
    expect(await admin.api('GET', '/admin/provider-entry')).toMatchObject([
      { name: 'Causeway', domain: leiden.host, services: [{ host: leiden.host }, {}] },
    ])
  })
})

describe('the TLS of a peer', () => {
  let folder: string
  let mesh: TestMesh & { nodes: TestNode[] }
  let stranger: TestMesh & { nodes: TestNode[] }
  let admin: TestUser

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-ca-'))
    const authority = await createAuthority(folder)
    mesh = await TestMesh.create(['leiden', 'krakow'], {}, authority)
    admin = await addAdmin(mesh.nodes[0] as TestNode)
    const hosts = { 'krakow.test': '127.0.0.1' }
    stranger = await TestMesh.create(['delft'], { network: { allow: ['127.0.0.0/8'], hosts } })
  })
  afterAll(async () => {
    await mesh.close()
    await stranger.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('is told: protocol, issuer, days that are left', async () => {
    const peer = await inspect(admin, (mesh.nodes[1] as TestNode).host)
    expect(peer.tls).toMatchObject({ protocol: 'TLSv1.3', issuer: 'Test authority' })
    expect(peer.tls?.problem).toBeUndefined()
    // The authority of the tests gives a day.
    expect(findingOf(peer, 'TLS')).toMatchObject({
      level: 'warn',
      message: 'TLSv1.3; certificate for krakow.test by Test authority, good for 0 days.',
    })
  })

  it('is told also when the certificate is not trusted', async () => {
    const other = await addAdmin(stranger.nodes[0] as TestNode)
    const peer = await inspect(other, (mesh.nodes[1] as TestNode).host)
    expect(peer.state).toBe('fail')
    expect(peer.tls?.problem).toMatch(/UNABLE_TO|SELF_SIGNED/)
    const messages = peer.findings.filter((finding) => finding.check === 'certificate')
    expect(messages.map((finding) => finding.level)).toEqual(['fail', 'fail'])
    expect(messages[0]?.remedy).toContain('network.extraCaFile')
  })
})
