import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'], { transfers: { tpc: { maxTokenSeconds: 7_200 } } })
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
  await bob.put('/bobs.txt', 'bob')
})
afterAll(() => mesh.close())

beforeEach(async () => {
  for (const name of ['data', 'other', 'data2']) await ann.dav('DELETE', `/${name}`)
  for (const name of ['data', 'data/sub', 'other', 'data2']) await ann.dav('MKCOL', `/${name}`)
  await ann.put('/data/file.txt', 'inside')
  await ann.put('/data/sub/deep.txt', 'deep')
  await ann.put('/other/secret.txt', 'outside')
  await ann.put('/data2/secret.txt', 'outside')
})

const drive = '/dav/files/ann'

interface Macaroon {
  macaroon: string
  uri: { target: string }
}

async function ask(path: string, body: unknown, user = ann): Promise<Response> {
  return fetch(`${leiden.origin}${path}`, {
    method: 'POST',
    headers: { authorization: user.authorization, 'content-type': 'application/macaroon-request' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function tokenFor(path: string, activities: string): Promise<string> {
  const answer = await ask(`${drive}${path}`, { caveats: [`activity:${activities}`], validity: 'PT1H' })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as Macaroon).macaroon
}

const as = (token: string, method: string, path: string, more: RequestInit & { headers?: object } = {}) =>
  fetch(`${leiden.origin}${path.startsWith('/dav') ? path : drive + path}`, {
    ...more,
    method,
    headers: { authorization: `Bearer ${token}`, ...more.headers },
  })

const oauth = (form: Record<string, string>, authorization = ann.authorization) =>
  fetch(`${leiden.origin}/oauth2/token`, {
    method: 'POST',
    headers: authorization === '' ? {} : { authorization },
    body: new URLSearchParams(form),
  })

async function scoped(scope: string): Promise<string> {
  const answer = await oauth({ grant_type: 'client_credentials', scope })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { access_token: string }).access_token
}

const LOCK =
  '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
const PATCH = '<propertyupdate xmlns="DAV:"><set><prop><a xmlns="urn:x">b</a></prop></set></propertyupdate>'
const SYNC =
  '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'

/** Each request with the activities of which one suffices, and its status when it is allowed. */
const REQUESTS: [string, string, string, RequestInit, string[][], number][] = [
  ['OPTIONS', 'OPTIONS', '/file.txt', {}, [['LIST'], ['DOWNLOAD'], ['UPLOAD'], ['MANAGE'], ['DELETE']], 200],
  ['PROPFIND', 'PROPFIND', '/', { headers: { depth: '1' } }, [['LIST']], 207],
  ['REPORT', 'REPORT', '/', { body: SYNC }, [['LIST']], 207],
  ['HEAD', 'HEAD', '/file.txt', {}, [['LIST'], ['DOWNLOAD']], 200],
  ['GET', 'GET', '/file.txt', {}, [['DOWNLOAD']], 200],
  ['GET of a part', 'GET', '/file.txt', { headers: { range: 'bytes=1-2' } }, [['DOWNLOAD']], 206],
  ['GET of a folder', 'GET', '/', {}, [['DOWNLOAD', 'LIST']], 200],
  ['PUT of a new file', 'PUT', '/new.txt', { body: 'n' }, [['UPLOAD']], 201],
  [
    'PUT over a file',
    'PUT',
    '/file.txt',
    { body: 'n' },
    [
      ['UPLOAD', 'DELETE'],
      ['UPLOAD', 'MANAGE'],
    ],
    204,
  ],
  ['MKCOL', 'MKCOL', '/made', {}, [['UPLOAD'], ['MANAGE']], 201],
  ['DELETE', 'DELETE', '/file.txt', {}, [['DELETE']], 204],
  ['DELETE of a folder', 'DELETE', '/sub', {}, [['DELETE']], 204],
  ['PROPPATCH', 'PROPPATCH', '/file.txt', { body: PATCH }, [['MANAGE']], 207],
  ['MOVE', 'MOVE', '/file.txt', { headers: { destination: `${drive}/data/moved.txt` } }, [['MANAGE']], 201],
  [
    'MOVE over a file',
    'MOVE',
    '/sub/deep.txt',
    { headers: { destination: `${drive}/data/file.txt` } },
    [['MANAGE']],
    204,
  ],
  [
    'COPY',
    'COPY',
    '/file.txt',
    { headers: { destination: `${drive}/data/copy.txt` } },
    [['DOWNLOAD', 'UPLOAD']],
    201,
  ],
  [
    'COPY over a file',
    'COPY',
    '/sub/deep.txt',
    { headers: { destination: `${drive}/data/file.txt` } },
    [
      ['DOWNLOAD', 'UPLOAD', 'DELETE'],
      ['DOWNLOAD', 'UPLOAD', 'MANAGE'],
    ],
    204,
  ],
  ['LOCK', 'LOCK', '/file.txt', { body: LOCK }, [['MANAGE'], ['UPLOAD', 'MANAGE']], 200],
]

/** All 31 sets of activities that are not empty. */
const ALL = ['LIST', 'DOWNLOAD', 'UPLOAD', 'MANAGE', 'DELETE']
const SETS = Array.from({ length: 31 }, (_, index) => ALL.filter((_, bit) => ((index + 1) >> bit) & 1))

describe('a token', () => {
  it.each(REQUESTS)('allows %s with the activities for it, and with no others', async (...row) => {
    const [name, method, path, request, needed, allowed] = row
    const isLock = name === 'LOCK'
    for (const set of SETS) {
      const isEnough = needed.some((one) => one.every((activity) => set.includes(activity)))
      // Who may upload may lock, too, where something is to be made.
      const expected = isEnough || (isLock && set.includes('UPLOAD')) ? allowed : 403
      await ann.put('/data/file.txt', 'inside')
      const token = await tokenFor('/data', set.join(','))
      const answer = await as(token, method, `/data${path}`, request)
      expect(`${set}: ${answer.status}`).toBe(`${set}: ${expected}`)
      const lock = answer.headers.get('lock-token')
      if (lock !== null) await ann.dav('UNLOCK', '/data/file.txt', { headers: { 'lock-token': lock } })
      if (answer.status < 300) await restore()
    }
  })

  const restore = async () => {
    for (const name of ['new.txt', 'made', 'moved.txt', 'copy.txt']) await ann.dav('DELETE', `/data/${name}`)
    await ann.dav('MKCOL', '/data/sub')
    await ann.put('/data/sub/deep.txt', 'deep')
  }

  it.each<[string, string, string, Record<string, string>]>([
    ['GET beside', 'GET', '/other/secret.txt', {}],
    ['GET of a folder with the same beginning', 'GET', '/data2/secret.txt', {}],
    ['GET by dots', 'GET', `${drive}/data/%2e%2e/other/secret.txt`, {}],
    ['GET by an encoded slash', 'GET', `${drive}/data/..%2fother/secret.txt`, {}],
    ['GET of another address of the drive', 'GET', '/dav/../webdav/other/secret.txt', {}],
    ['PROPFIND above', 'PROPFIND', '/', { depth: '1' }],
    ['PROPFIND above, of itself only', 'PROPFIND', '/', { depth: '0' }],
    ['HEAD above', 'HEAD', '/', {}],
    ['DELETE above', 'DELETE', '/', {}],
    ['DELETE beside', 'DELETE', '/other', {}],
    ['MKCOL beside', 'MKCOL', '/new', {}],
    ['PUT beside', 'PUT', '/other/new.txt', {}],
    ['MOVE out', 'MOVE', '/data/file.txt', { destination: `${drive}/other/file.txt` }],
    ['MOVE out, over a file', 'MOVE', '/data/file.txt', { destination: `${drive}/other/secret.txt` }],
    ['MOVE out by another address', 'MOVE', '/data/file.txt', { destination: '/webdav/other/file.txt' }],
    ['MOVE in', 'MOVE', '/other/secret.txt', { destination: `${drive}/data/s.txt` }],
    ['MOVE of its own folder', 'MOVE', '/data', { destination: `${drive}/renamed` }],
    ['COPY out', 'COPY', '/data/file.txt', { destination: `${drive}/other/file.txt` }],
    ['COPY in', 'COPY', '/other/secret.txt', { destination: `${drive}/data/s.txt` }],
    ['COPY of the folder above', 'COPY', '/', { destination: `${drive}/data/all` }],
    ['COPY from here to elsewhere', 'COPY', '/other/secret.txt', { destination: 'http://far.example/x' }],
    ['COPY from elsewhere', 'COPY', '/other/new.txt', { source: 'http://far.example/x' }],
    ['LOCK beside', 'LOCK', '/other/secret.txt', {}],
    ['POST of a resumable upload', 'POST', '/data', { 'tus-resumable': '1.0.0', 'upload-length': '1' }],
    ['POST for another token', 'POST', '/data', { 'content-type': 'application/macaroon-request' }],
    ['trash', 'PROPFIND', '/dav/trashbin/ann/trash', {}],
    ['versions', 'PROPFIND', '/dav/versions/ann/versions/1', {}],
    ['uploads', 'MKCOL', '/dav/uploads/ann/x', {}],
    ['resumable uploads', 'HEAD', '/dav/tus/ann/x', {}],
    ['bulk upload', 'POST', '/dav/bulk', { 'content-type': 'multipart/related; boundary=b' }],
  ])('for everything below one folder does not allow %s', async (_, method, path, headers) => {
    const token = await tokenFor('/data', ALL.join(','))
    const before = await ann.names('/')
    const answer = await as(token, method, path, { headers })
    expect([400, 403, 404, 405]).toContain(answer.status)
    if (!path.includes('..') && !path.includes('%2')) expect(answer.status).toBe(403)
    expect(await (await ann.dav('GET', '/other/secret.txt')).text()).toBe('outside')
    expect(await ann.names('/')).toEqual(before)
    expect(await ann.names('/other')).toEqual(['secret.txt'])
    expect((await ann.names('/data')).sort()).toEqual(['file.txt', 'sub'])
  })

  it('moves nothing to or from other users, and opens nothing of theirs', async () => {
    const token = await tokenFor('/', ALL.join(','))
    expect((await as(token, 'GET', '/dav/files/bob/bobs.txt')).status).toBe(404)
    const out = { headers: { destination: '/dav/files/bob/x.txt' } }
    expect((await as(token, 'MOVE', '/data/file.txt', out)).status).toBe(404)
    expect((await as(token, 'COPY', '/data/file.txt', out)).status).toBe(404)
  })

  it('packs into an archive only what it may list and read', async () => {
    const token = await tokenFor('/data', 'LIST,DOWNLOAD')
    const whole = await as(token, 'GET', '/data/?accept=zip')
    expect(whole.status).toBe(200)
    const text = Buffer.from(await whole.arrayBuffer()).toString('latin1')
    expect(text).toContain('deep.txt')
    expect(text).not.toContain('secret.txt')
    expect((await as(token, 'GET', '/?accept=zip')).status).toBe(403)
    expect((await as(token, 'GET', '/?accept=zip&files=["other"]')).status).toBe(403)
    expect([400, 403]).toContain((await as(token, 'GET', '/data/?accept=zip&files=["../other"]')).status)
    const blind = await tokenFor('/data', 'DOWNLOAD')
    expect((await as(blind, 'GET', '/data/?accept=zip')).status).toBe(403)
  })

  it('for uploads has a file fetched from elsewhere, and for downloads sent there, and not the other way', async () => {
    const source = `${leiden.origin}/dav/files/bob/bobs.txt`
    const TransferHeaderAuthorization = bob.authorization
    const [upload, download] = [await tokenFor('/data', 'UPLOAD'), await tokenFor('/data', 'DOWNLOAD')]
    const fetched = await as(upload, 'COPY', '/data/from-bob.txt', {
      headers: { source, TransferHeaderAuthorization },
    })
    expect(await fetched.text()).toMatch(/success: Created\n$/)
    expect((await as(upload, 'COPY', '/data/file.txt', { headers: { source } })).status).toBe(403)
    expect((await as(download, 'COPY', '/data/new.txt', { headers: { source } })).status).toBe(403)
    const destination = 'http://far.example/x'
    expect((await as(upload, 'COPY', '/data/file.txt', { headers: { destination } })).status).toBe(403)
  })

  it('neither ends nor prolongs a lock of a folder above it', async () => {
    const taken = await ann.dav('LOCK', '/data', { headers: { timeout: 'Second-60' }, body: LOCK })
    const lock = taken.headers.get('lock-token') ?? ''
    const token = await tokenFor('/data/sub', 'LIST,UPLOAD,MANAGE,DELETE')
    const ended = await as(token, 'UNLOCK', '/data/sub/deep.txt', { headers: { 'lock-token': lock } })
    const longer = { if: `(${lock})`, timeout: 'Second-3600' }
    const prolonged = await as(token, 'LOCK', '/data/sub/deep.txt', { headers: longer })
    expect([ended.status, prolonged.status]).toEqual([403, 403])
    expect((await ann.dav('PUT', '/data/file.txt', { body: 'x' })).status).toBe(423)
    const own = await as(token, 'PUT', '/data/sub/deep.txt', { headers: { if: `(${lock})` }, body: 'new' })
    expect(own.status).toBe(204)
    expect((await ann.dav('UNLOCK', '/data', { headers: { 'lock-token': lock } })).status).toBe(204)
  })

  it('tells by an If header nothing of what lies outside', async () => {
    const token = await tokenFor('/data', ALL.join(','))
    const etag = (await ann.dav('HEAD', '/other/secret.txt')).headers.get('etag')
    const headers = { if: `<${leiden.origin}${drive}/other/secret.txt> ([${etag}])` }
    expect((await as(token, 'PUT', '/data/new.txt', { headers, body: 'x' })).status).toBe(412)
  })

  it('is not for the API, nor for what desktop clients ask', async () => {
    const token = await tokenFor('/', ALL.join(','))
    for (const path of ['/api/v1/me', '/api/v1/shares', '/ocs/v2.php/cloud/user']) {
      const answer = await fetch(`${leiden.origin}${path}`, { headers: { authorization: `Bearer ${token}` } })
      expect([path, answer.status]).toEqual([path, 401])
    }
    const asPassword = await fetch(`${leiden.origin}${drive}/`, {
      headers: { authorization: basic('ann', token) },
    })
    expect(asPassword.status).toBe(401)
  })

  it('for one file is enough to make it and to read it', async () => {
    const token = await tokenFor('/data/one.txt', 'UPLOAD,DOWNLOAD,LIST')
    expect((await as(token, 'PUT', '/data/one.txt', { body: 'one' })).status).toBe(201)
    expect(await (await as(token, 'GET', '/data/one.txt')).text()).toBe('one')
    expect((await as(token, 'GET', '/data/file.txt')).status).toBe(403)
    expect((await as(token, 'PROPFIND', '/data', { headers: { depth: '1' } })).status).toBe(403)
    expect((await as(token, 'PUT', '/data/one.txt/two', { body: 'x' })).status).toBe(409)
  })

  it('that may only make does not replace, and says so', async () => {
    const token = await tokenFor('/data', 'UPLOAD')
    expect((await as(token, 'PUT', '/data/file.txt', { body: 'x' })).status).toBe(403)
    expect(await (await ann.dav('GET', '/data/file.txt')).text()).toBe('inside')
  })

  it.each([
    'cwt_0',
    'cwt_00000000000000000000000000000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'nonsense',
  ])('that was made up (%s) is 401', async (token) =>
    expect((await as(token, 'GET', '/data/file.txt')).status).toBe(401))

  it('with another secret is 401', async () => {
    const token = await tokenFor('/data', 'DOWNLOAD')
    const forged = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
    expect((await as(forged, 'GET', '/data/file.txt')).status).toBe(401)
  })

  it('ends with its time', async () => {
    const token = await tokenFor('/data', 'DOWNLOAD')
    await leiden.node.db('access_tokens').update({ expires_at_ms: 1 })
    expect((await as(token, 'GET', '/data/file.txt')).status).toBe(401)
  })

  it('ends with the app password it was made with', async () => {
    const made = await ann.api<{ id: string; password: string }>('POST', '/me/app-passwords', {
      label: 'fts',
    })
    const answer = await oauth(
      { grant_type: 'client_credentials', scope: 'storage.read:/data' },
      basic('ann', made.password),
    )
    const { access_token: token } = (await answer.json()) as { access_token: string }
    expect((await as(token, 'GET', '/data/file.txt')).status).toBe(200)
    await ann.api('DELETE', `/me/app-passwords/${made.id}`)
    expect((await as(token, 'GET', '/data/file.txt')).status).toBe(401)
  })

  it('ends when the password it was made with is changed', async () => {
    const eva = await leiden.addUser('eva')
    await eva.put('/a.txt', 'a')
    const answer = await ask('/dav/files/eva/', { caveats: ['activity:DOWNLOAD'] }, eva)
    const { macaroon } = (await answer.json()) as Macaroon
    expect((await as(macaroon, 'GET', '/dav/files/eva/a.txt')).status).toBe(200)
    await eva.api('POST', '/me/password', { current: 'eva-password', new: 'another password' })
    expect((await as(macaroon, 'GET', '/dav/files/eva/a.txt')).status).toBe(401)
  })

  it('is nowhere in the database', async () => {
    const token = await tokenFor('/data', 'DOWNLOAD')
    const rows = await leiden.node.db('access_tokens').select('*')
    expect(JSON.stringify(rows)).not.toContain(token.split('_').at(-1))
  })
})

describe('a macaroon request', () => {
  const lifeMs = async () => {
    const [row] = await leiden.node.db('access_tokens').orderBy('created_at_ms', 'desc').limit(1)
    return Number(row.expires_at_ms) - Number(row.created_at_ms)
  }

  it('is answered with the address, and without being kept anywhere', async () => {
    const answer = await ask(`${drive}/data`, { caveats: ['activity:LIST,DOWNLOAD'], validity: 'PT180M' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { uri } = (await answer.json()) as Macaroon
    expect(uri.target).toBe(`http://${leiden.host}${drive}/data`)
    expect(await lifeMs()).toBe(7_200_000)
  })

  it('narrows by several caveats', async () => {
    const caveats = [
      'activity:LIST,DOWNLOAD,UPLOAD',
      'activity:DOWNLOAD,DELETE',
      `path:${drive}/data`,
      `path:${leiden.origin}${drive}/data/sub`,
      'before:2100-01-01T00:00:00Z',
    ]
    const answer = await ask(`${drive}/`, { caveats, validity: 'PT10S' })
    const { macaroon } = (await answer.json()) as Macaroon
    expect(await lifeMs()).toBe(10_000)
    expect((await as(macaroon, 'GET', '/data/sub/deep.txt')).status).toBe(200)
    expect((await as(macaroon, 'GET', '/data/file.txt')).status).toBe(403)
    expect((await as(macaroon, 'DELETE', '/data/sub/deep.txt')).status).toBe(403)
  })

  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['a list', []],
    ['caveats that are no list', { caveats: 'activity:LIST' }],
    ['an unknown caveat', { caveats: ['ip:10.0.0.1'] }],
    ['an unknown activity', { caveats: ['activity:FLY'] }],
    ['an empty activity', { caveats: ['activity:'] }],
    ['activities that exclude each other', { caveats: ['activity:LIST', 'activity:DELETE'] }],
    ['a path outside', { caveats: [`path:${drive}/other`] }],
    ['a path by dots', { caveats: [`path:${drive}/data/../other`] }],
    ['a path that is none', { caveats: ['path:data'] }],
    ['a path at another server', { caveats: ['path:http://far.example/dav/files/ann/data'] }],
    ['a time that is over', { caveats: ['before:2001-01-01T00:00:00Z'] }],
    ['a time that is none', { caveats: ['before:soon'] }],
    ['validity that is none', { validity: '3 hours' }],
    ['no validity at all', { validity: 'PT' }],
    ['a negative validity', { validity: '-PT1H' }],
  ])('with %s is 400', async (_, body) => {
    expect((await ask(`${drive}/data`, body)).status).toBe(400)
  })

  it('for another user’s drive is 404, from nobody 401, too long 413', async () => {
    expect((await ask(`${drive}/data`, {}, bob)).status).toBe(404)
    const nobody = await fetch(`${leiden.origin}${drive}/data`, {
      method: 'POST',
      headers: { 'content-type': 'application/macaroon-request' },
      body: '{}',
    })
    expect(nobody.status).toBe(401)
    expect((await ask(`${drive}/data`, `"${'x'.repeat(20_000)}"`)).status).toBe(413)
  })
})

describe('the OAuth 2 token endpoint', () => {
  it('is found by discovery', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const document = await (await fetch(`${leiden.origin}/.well-known/${name}`)).json()
      expect(document).toMatchObject({
        issuer: `http://${leiden.host}`,
        token_endpoint: `http://${leiden.host}/oauth2/token`,
      })
    }
  })

  it('gives tokens with the scopes of WLCG', async () => {
    const answer = await oauth({
      grant_type: 'client_credentials',
      scope: 'openid storage.read:/data storage.modify:/data/sub',
      expires_in: '60',
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const body = (await answer.json()) as { access_token: string }
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 60,
      scope: 'storage.read:/data storage.modify:/data/sub',
    })
    const token = body.access_token
    expect((await as(token, 'GET', '/data/file.txt')).status).toBe(200)
    expect((await as(token, 'PUT', '/data/file.txt', { body: 'x' })).status).toBe(403)
    expect((await as(token, 'PUT', '/data/sub/deep.txt', { body: 'x' })).status).toBe(204)
    expect((await as(token, 'DELETE', '/data/sub/deep.txt')).status).toBe(204)
    expect((await as(token, 'GET', '/other/secret.txt')).status).toBe(403)
  })

  it('gives tokens that only make', async () => {
    const token = await scoped('storage.create:/data')
    expect((await as(token, 'PUT', '/data/new.txt', { body: 'n' })).status).toBe(201)
    expect((await as(token, 'PUT', '/data/new.txt', { body: 'm' })).status).toBe(403)
    expect((await as(token, 'DELETE', '/data/new.txt')).status).toBe(403)
    expect((await as(token, 'GET', '/data/new.txt')).status).toBe(403)
  })

  it('takes paths that are encoded, and the form that gfal writes', async () => {
    await ann.dav('MKCOL', '/data/a%20b')
    await ann.put('/data/a%20b/c+d.txt', 'odd')
    const token = await scoped('storage.read:/data/a%20b/c+d.txt')
    expect(await (await as(token, 'GET', '/data/a%20b/c+d.txt')).text()).toBe('odd')
    const answer = await oauth({
      grant_type: 'client_credentials',
      scopes: `DOWNLOAD:${drive}/data LIST:${drive}/data`,
      expire_in: '600',
    })
    const { access_token: gfals } = (await answer.json()) as { access_token: string }
    expect((await as(gfals, 'GET', '/data/file.txt')).status).toBe(200)
    expect((await as(gfals, 'GET', '/other/secret.txt')).status).toBe(403)
  })

  it('exchanges an app password, and takes a client’s id and secret in the form', async () => {
    const { password } = await ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'x' })
    const scope = 'storage.read:/data'
    const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
    const exchanged = await oauth({ grant_type: grant, subject_token: password, scope }, '')
    expect(exchanged.status).toBe(200)
    const form = { grant_type: 'client_credentials', client_id: 'ann', client_secret: password, scope }
    expect((await oauth(form, '')).status).toBe(200)
    const token = await scoped(scope)
    expect((await oauth({ grant_type: grant, subject_token: token, scope }, '')).status).toBe(401)
  })

  const credentials = { grant_type: 'client_credentials' }
  it.each<[string, Record<string, string>, number, string]>([
    ['another grant', { grant_type: 'password', scope: 'storage.read:/' }, 400, 'unsupported_grant_type'],
    ['no grant', { scope: 'storage.read:/' }, 400, 'unsupported_grant_type'],
    ['no scope', { ...credentials }, 400, 'invalid_scope'],
    ['a scope about no files', { ...credentials, scope: 'openid' }, 400, 'invalid_scope'],
    ['a scope without a path', { ...credentials, scope: 'storage.read' }, 400, 'invalid_scope'],
    ['dots', { ...credentials, scope: 'storage.read:/data/../other' }, 400, 'invalid_scope'],
    ['encoded dots', { ...credentials, scope: 'storage.read:/data/%2e%2e/other' }, 400, 'invalid_scope'],
    ['an encoded slash', { ...credentials, scope: 'storage.read:/data%2f..%2fx' }, 400, 'invalid_scope'],
    ['a broken encoding', { ...credentials, scope: 'storage.read:/%zz' }, 400, 'invalid_scope'],
    [
      'a life of no length',
      { ...credentials, scope: 'storage.read:/', expires_in: '0' },
      400,
      'invalid_request',
    ],
    [
      'a life that is none',
      { ...credentials, scope: 'storage.read:/', expires_in: 'x' },
      400,
      'invalid_request',
    ],
    ['a NUL', { ...credentials, scope: 'storage.read:/\0' }, 400, 'invalid_request'],
  ])('refuses %s', async (_, form, status, error) => {
    const answer = await oauth(form)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error })
  })

  it('refuses wrong passwords, nobody, other methods and long bodies', async () => {
    const form = { ...credentials, scope: 'storage.read:/' }
    for (const authorization of [basic('ann', 'wrong'), '']) {
      const answer = await oauth(form, authorization)
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ error: 'invalid_client' })
      expect(answer.headers.get('www-authenticate')).toContain('Basic')
    }
    expect((await fetch(`${leiden.origin}/oauth2/token`)).status).toBe(405)
    expect((await oauth({ ...form, scope: 'x'.repeat(30_000) })).status).toBe(413)
  })
})
