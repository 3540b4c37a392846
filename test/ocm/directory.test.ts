import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { createDirectories } from '../../src/ocm/directory/directories.ts'
import { createDirectoriesRepo } from '../../src/ocm/directory/directories-repo.ts'
import { signJws } from '../../src/ocm/directory/jws.ts'
import { createOwnDirectory } from '../../src/ocm/directory/publish-directory.ts'
import { createPeersRepo } from '../../src/ocm/peers-repo.ts'
import { createTrust } from '../../src/ocm/trust.ts'
import { createTrustedHostsRepo } from '../../src/ocm/trusted-hosts-repo.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import {
  HandClock,
  listening,
  ocmConfig,
  type Script,
  START_MS,
  startForeign,
  startNode,
  testOutbound,
} from './support.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../fixtures/ocm/own-signature-vectors.json', import.meta.url), 'utf8'),
)
const HOUR_MS = 3_600_000
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Key = string | Record<string, unknown>
interface Settings {
  key?: Key | Key[]
  allowUnsigned?: boolean
  timeoutMs?: number
}

/** A directory at `old.test`, and a node's view of it. */
async function scene(settings: Settings, engine: (typeof engines)[number] = 'sqlite') {
  const script: Script = {}
  const foreign = await startForeign(script)
  const { db, close } = await createTestDatabase(engine)
  const [clock, outbound] = [new HandClock(), testOutbound()]
  closers.push(foreign.close, close, () => outbound.close())
  const url = `http://old.test:${foreign.port}/mesh.json`
  const { timeoutMs, allowUnsigned = false, ...key } = settings
  const reader = (other: Settings = key) =>
    createDirectories({
      ...{
        directories: [{ url, allowUnsigned, ...other }],
        repo: createDirectoriesRepo(db),
        outbound,
        clock,
      },
      ...{ log: createLogger('silent'), ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    })
  const serve = (body: unknown, status = 200) => {
    script['/mesh.json'] = () => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body) })
  }
  return { ...foreign, url, clock, serve, reader, directories: reader() }
}

const listOf = (...urls: string[]) => ({
  federation: 'Mesh',
  servers: urls.map((url) => ({ url, displayName: `At ${url}` })),
})

const pair = (type: 'ed25519' | 'ec' | 'rsa') => {
  if (type === 'ed25519') return generateKeyPairSync(type)
  return type === 'ec'
    ? generateKeyPairSync(type, { namedCurve: 'P-256' })
    : generateKeyPairSync(type, { modulusLength: 2048 })
}
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' }) as Record<string, unknown>
const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString()

function signedAs(alg: string, payload: object, key: KeyObject, head: object = {}) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const [protectedPart, body] = [part({ alg, ...head }), part(payload)]
  const hash = alg === 'EdDSA' || alg === 'Ed25519' ? null : 'sha256'
  const input = Buffer.from(`${protectedPart}.${body}`)
  const signature = sign(hash, input, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  return { payload: body, protected: protectedPart, signature }
}

describe.each(engines)('a directory that is signed, on %s', (engine) => {
  it('is read with its key, and lists its servers until it is read again', async () => {
    const { directories, serve, clock, url, asked } = await scene({ key: vectors.keys.es256.public }, engine)
    serve(vectors.directoryJws)
    await directories.refresh()
    expect(await directories.list()).toEqual([
      { url, federation: 'Example Mesh', readAtMs: START_MS, serverCount: 2 },
    ])
    expect(await directories.listServers()).toMatchObject([
      { host: 'alice.example', displayName: 'Alice University', federation: 'Example Mesh' },
      { host: 'bob.example:8443', displayName: 'Bob Institute' },
    ])
    expect(await directories.isListed('alice.example')).toBe(true)
    expect(await directories.isListed('bob.example')).toBe(false)
    await directories.refresh()
    expect(asked).toHaveLength(1)
    clock.advance(HOUR_MS)
    await directories.refresh()
    expect(asked).toHaveLength(2)
  })

  it('is kept when it cannot be reached or is forged, and both are told', async () => {
    const { directories, serve, clock, url, close } = await scene({ key: vectors.keys.es256.public }, engine)
    serve(vectors.directoryJws)
    await directories.refresh()
    clock.advance(HOUR_MS)
    const evil = Buffer.from(JSON.stringify(listOf('https://evil.example'))).toString('base64url')
    serve({ ...vectors.directoryJws, payload: evil })
    await directories.refresh()
    expect(await directories.list()).toMatchObject([
      { url, readAtMs: START_MS, serverCount: 2, failure: { text: expect.stringContaining('signature') } },
    ])
    expect(await directories.isListed('evil.example')).toBe(false)
    close()
    await directories.refresh()
    expect(await directories.list()).toMatchObject([
      { serverCount: 2, failure: { text: expect.stringContaining('cannot be reached') } },
    ])
    expect(await directories.isListed('alice.example')).toBe(true)
  })

  it('is worth nothing any more under another key', async () => {
    const { directories, reader, serve } = await scene({ key: vectors.keys.es256.public }, engine)
    serve(vectors.directoryJws)
    await directories.refresh()
    const other = reader({ key: jwkOf(pair('ec').publicKey) })
    expect(await other.isListed('alice.example')).toBe(false)
    expect(await other.listServers()).toEqual([])
    await other.refresh()
    expect(await other.list()).toMatchObject([{ serverCount: 0, failure: expect.anything() }])
    expect(await directories.isListed('alice.example')).toBe(true)
  })

  it('gives way to its next version', async () => {
    const { directories, serve } = await scene({ allowUnsigned: true }, engine)
    serve(listOf(...Array.from({ length: 250 }, (_, index) => `https://n${index}.example`)))
    await directories.refresh({ all: true })
    expect(await directories.listServers()).toHaveLength(250)
    serve(listOf('https://new.example'))
    await directories.refresh({ all: true })
    expect((await directories.listServers()).map((server) => server.host)).toEqual(['new.example'])
  })
})

describe('the signature of a directory', () => {
  it.each([
    ['EdDSA', 'ed25519', jwkOf],
    ['Ed25519', 'ed25519', pemOf],
    ['ES256', 'ec', pemOf],
    ['RS256', 'rsa', jwkOf],
    ['RS256', 'rsa', pemOf],
  ] as const)('may be %s with a key of %s', async (alg, type, write) => {
    const { publicKey, privateKey } = pair(type)
    const { directories, serve } = await scene({ key: [jwkOf(pair('ec').publicKey), write(publicKey)] })
    serve(signedAs(alg, listOf('https://a.example'), privateKey))
    await directories.refresh()
    expect(await directories.isListed('a.example')).toBe(true)
  })

  it('may be one of several', async () => {
    const { publicKey, privateKey } = pair('ed25519')
    const { directories, serve } = await scene({ key: jwkOf(publicKey) })
    const { payload, ...first } = signedAs('EdDSA', listOf('https://a.example'), pair('ed25519').privateKey)
    const { payload: _, ...second } = signedAs('EdDSA', listOf('https://a.example'), privateKey)
    serve({ payload, signatures: [first, second] })
    await directories.refresh()
    expect(await directories.isListed('a.example')).toBe(true)
  })

  const { publicKey, privateKey } = pair('ed25519')
  const good = signedAs('EdDSA', listOf('https://a.example'), privateKey)
  const head = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  it.each<[string, Settings, unknown, RegExp]>([
    ['of another key', { key: jwkOf(pair('ed25519').publicKey) }, good, /not by the configured key/],
    [
      'of no key',
      { key: jwkOf(publicKey) },
      { ...good, protected: head({ alg: 'none' }), signature: '' },
      /not by/,
    ],
    [
      'with the public key as a secret',
      { key: pemOf(publicKey) },
      { ...good, protected: head({ alg: 'HS256' }) },
      /not by/,
    ],
    [
      'with an extension that must be understood',
      { key: jwkOf(publicKey) },
      signedAs('EdDSA', listOf('https://a.example'), privateKey, { crit: ['exp2'], exp2: 1 }),
      /not by/,
    ],
    [
      'of another algorithm than the key is for',
      { key: { ...jwkOf(publicKey), alg: 'ES256' } },
      good,
      /not by/,
    ],
    ['of an expired key', { key: { ...jwkOf(publicKey), exp: START_MS / 1000 - 1 } }, good, /expired/],
    ['that is missing', { key: jwkOf(publicKey) }, listOf('https://a.example'), /not signed/],
    [
      'that is wrong although none is needed',
      { key: jwkOf(pair('ed25519').publicKey), allowUnsigned: true },
      good,
      /not by/,
    ],
    [
      'around what is no list',
      { key: jwkOf(publicKey) },
      signedAs('EdDSA', { servers: 'all' }, privateKey),
      /not a list/,
    ],
  ])('%s is refused', async (_name, settings, body, why) => {
    const { directories, serve } = await scene(settings)
    serve(body)
    await directories.refresh()
    expect(await directories.isListed('a.example')).toBe(false)
    expect((await directories.list())[0]?.failure?.text).toMatch(why)
  })

  it('is not needed where the administrator says so, in the form of Reva and of the draft', async () => {
    const { directories, serve } = await scene({ allowUnsigned: true })
    for (const [index, body] of [
      listOf('https://a0.example'),
      { payload: listOf('https://a1.example'), protected: '', signature: '' },
      signJws(listOf('https://a2.example'), { kid: 'x', key: privateKey }),
    ].entries()) {
      serve(body)
      await directories.refresh({ all: true })
      expect(await directories.isListed(`a${index}.example`)).toBe(true)
    }
  })
})

describe('what a directory says', () => {
  it('is taken by its rules: scheme, host and port, and nothing else', async () => {
    const { directories, serve } = await scene({ allowUnsigned: true })
    const bad = [
      'ftp://b.example',
      'https://b.example/path',
      'https://b.example?x',
      'https://b.example#x',
      'https://u@b.example',
      'https://u:p@b.example',
      'b.example',
      'https://',
      'javascript:alert(1)',
    ]
    serve({
      ...listOf(
        'https://A.Example',
        'https://c.example:443',
        'https://d.example:8443/',
        'http://[2001:db8::1]',
        ...bad,
      ),
      more: 1,
    })
    await directories.refresh()
    expect((await directories.listServers()).map((server) => server.host).sort()).toEqual([
      '[2001:db8::1]',
      'a.example',
      'c.example',
      'd.example:8443',
    ])
  })

  it('carries no marks that turn text around, nor lines', async () => {
    const { directories, serve } = await scene({ allowUnsigned: true })
    serve({
      federation: 'M\u202e\u0007',
      servers: [{ url: 'https://a.example', displayName: '\u202eevil\nname' }, { url: 'https://b.example' }],
    })
    await directories.refresh()
    expect(await directories.listServers()).toMatchObject(
      [{ displayName: 'b.example' }, { displayName: 'evil name', federation: 'M' }].sort((a, b) =>
        a.displayName.localeCompare(b.displayName),
      ),
    )
  })

  it.each<[string, (serve: (body: unknown, status?: number) => void) => void, RegExp]>([
    ['too long', (serve) => serve(`{"servers":[${'"x",'.repeat(400_000)}"x"]}`), /more than/],
    [
      'with too many servers',
      (serve) => serve(listOf(...Array.from({ length: 10_001 }, () => 'https://a'))),
      /not a list/,
    ],
    ['a web page', (serve) => serve('<html>'), /not JSON/],
    ['not there', (serve) => serve('{}', 404), /HTTP 404/],
    ['broken throughout', (serve) => serve(listOf('nowhere')), /None of the servers/],
  ])('%s is refused', async (_name, answer, why) => {
    const { directories, serve } = await scene({ allowUnsigned: true })
    answer(serve)
    await directories.refresh()
    expect((await directories.list())[0]?.failure?.text).toMatch(why)
  })

  it('has to come in time', async () => {
    const slow = createServer((_request, response) => void response.writeHead(200).write('{')).listen(
      0,
      '127.0.0.1',
    )
    closers.push(
      () => slow.close(),
      () => slow.closeAllConnections(),
    )
    const port = await listening(slow)
    const { db, close } = await createTestDatabase('sqlite')
    const outbound = testOutbound()
    closers.push(close, () => outbound.close())
    const directories = createDirectories({
      ...{
        directories: [{ url: `http://old.test:${port}/`, allowUnsigned: true }],
        repo: createDirectoriesRepo(db),
      },
      ...{ outbound, clock: new HandClock(), log: createLogger('silent'), timeoutMs: 200 },
    })
    await directories.refresh()
    expect((await directories.list())[0]?.failure?.text).toMatch(/in time/)
  })

  it('is asked for only where the address rules allow', async () => {
    const { db, close } = await createTestDatabase('sqlite')
    const outbound = testOutbound()
    closers.push(close, () => outbound.close())
    const directories = createDirectories({
      ...{
        directories: [{ url: 'http://inside.test/', allowUnsigned: true }],
        repo: createDirectoriesRepo(db),
      },
      ...{ outbound, clock: new HandClock(), log: createLogger('silent') },
    })
    await directories.refresh()
    expect((await directories.list())[0]?.failure?.text).toMatch(/private address/)
  })
})

describe('a directory of our own', () => {
  it('is signed by the key that signs, holds the allow list, and is one that another node reads', async () => {
    const clock = new HandClock()
    const ocm = { publishDirectory: { federation: 'Test mesh', unsigned: true } }
    const node = await startNode('leiden.test', { clock, ocm })
    closers.push(() => node.close())
    await node.ocm.trust.add('krakow.test')
    await node.ocm.trust.add('evil.test', 'denied')
    const origin = `http://127.0.0.1:${node.port}`
    const get = async (path: string) => (await fetch(origin + path)).json()
    const signed = (await get('/ocm/directory')) as { payload: string }
    const servers = [
      { url: node.publicUrl, displayName: 'Drive of leiden.test' },
      { url: 'http://krakow.test', displayName: 'krakow.test' },
    ]
    expect(JSON.parse(Buffer.from(signed.payload, 'base64url').toString())).toEqual({
      federation: 'Test mesh',
      servers,
    })
    expect(await get('/ocm/directory/unsigned')).toEqual({ federation: 'Test mesh', servers })
    const { keys } = (await get('/.well-known/jwks.json')) as { keys: Record<string, unknown>[] }
    const directories = [
      { url: `${node.publicUrl}/ocm/directory`, key: keys[0] as object as Key, allowUnsigned: false },
    ]
    const reader = await startNode('krakow.test', { clock, ocm: { trust: 'directory', directories } })
    closers.push(() => reader.close())
    expect(await reader.ocm.trust.isTrusted(node.host)).toBe(false)
    await reader.ocm.directories.refresh()
    expect(await reader.ocm.trust.isTrusted(node.host)).toBe(true)
    expect(await reader.ocm.trust.isTrusted('evil.test')).toBe(false)
    await reader.ocm.trust.add('krakow.test', 'denied')
    expect((await reader.ocm.listServers()).map((server) => server.host)).toEqual([node.host])
  })

  it('is put together and signed once a minute, however many ask for it', async () => {
    const clock = new HandClock()
    const { db, close } = await createTestDatabase('sqlite')
    closers.push(close)
    let signed = 0
    const signing = { kid: 'k', key: pair('ed25519').privateKey }
    const directory = createOwnDirectory({
      config: {
        ...{ publicUrl: 'https://leiden.test', name: 'Leiden', network: { insecureHttp: false } },
        ocm: ocmConfig({ publishDirectory: { federation: 'Mesh', unsigned: true } }),
      },
      trust: createTrust({ policy: 'open', repo: createTrustedHostsRepo(db), clock }),
      known: createPeersRepo(db),
      keys: { getSigning: async () => ++signed && signing } as never,
      clock,
    })
    const answers = await Promise.all(Array.from({ length: 20 }, () => directory.findSigned()))
    expect([signed, new Set(answers).size]).toEqual([1, 1])
    clock.advance(59_999)
    expect(await directory.findSigned()).toBe(answers[0])
    expect(await directory.findUnsigned()).toBe(await directory.findUnsigned())
    clock.advance(1)
    expect(await directory.findSigned()).not.toBe(answers[0])
    expect(signed).toBe(2)
  })

  it('is not there unless it is configured', async () => {
    const node = await startNode('leiden.test', { clock: new HandClock() })
    closers.push(() => node.close())
    for (const path of ['/ocm/directory', '/ocm/directory/unsigned'])
      expect((await fetch(`http://127.0.0.1:${node.port}${path}`)).status).toBe(404)
  })
})

describe('the settings of a directory', () => {
  const check = (directory: object) =>
    checkConfig({ publicUrl: 'https://a.test', ocm: { directories: [directory] } }).ocm.directories
  const url = 'https://mesh.test/list'
  const { publicKey, privateKey } = pair('ed25519')

  it('take a JWK, its text, PEM, and none where nothing is signed', () => {
    for (const key of [jwkOf(publicKey), JSON.stringify(jwkOf(publicKey)), pemOf(publicKey)])
      expect(check({ url, key })).toHaveLength(1)
    expect(check({ url, allowUnsigned: true })[0]).toMatchObject({ allowUnsigned: true })
  })

  const privatePem = createPrivateKey({ key: jwkOf(privateKey) as never, format: 'jwk' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()
  it.each<[string, object]>([
    ['no key', { url }],
    ['a private JWK', { url, key: jwkOf(privateKey) }],
    ['a private key', { url, key: privatePem }],
    ['a shared secret', { url, key: { kty: 'oct', k: 'c2VjcmV0' } }],
    ['a short RSA key', { url, key: jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) }],
    ['no address', { url: 'mesh', allowUnsigned: true }],
  ])('refuse %s', (_name, directory) => {
    expect(() => check(directory)).toThrow('ocm.directories')
  })
})
