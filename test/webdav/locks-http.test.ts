import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { childElements, findChild, parseXml, textOf } from '../../src/platform/xml.ts'
import { type DavSend, LOCK_BODY, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer()
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const shared = LOCK_BODY.replace('exclusive', 'shared')

async function lock(path: string, headers: Record<string, string> = {}, body = LOCK_BODY): Promise<string> {
  const answer = await dav('LOCK', path, { body, headers })
  expect(answer.status, answer.text).toBeLessThan(300)
  return answer.headers['lock-token'] as string
}

let count = 0
let dir = ''
beforeEach(async () => {
  dir = `d${count++}`
  await dav('MKCOL', dir)
  await dav('PUT', `${dir}/f`, { body: 'f' })
})

describe('LOCK', () => {
  it('gives a token, and describes the lock', async () => {
    const answer = await dav('LOCK', `${dir}/f`, {
      body: LOCK_BODY,
      headers: { Depth: '0', Timeout: 'Second-100' },
    })
    expect(answer.status).toBe(200)
    expect(answer.headers['lock-token']).toMatch(/^<urn:uuid:[0-9a-f-]{36}>$/)
    const discovery = findChild(parseXml(answer.text), 'DAV:', 'lockdiscovery')
    const active = findChild(discovery as never, 'DAV:', 'activelock')
    const parts = Object.fromEntries(childElements(active as never).map((part) => [part.name, textOf(part)]))
    expect(parts).toMatchObject({ depth: '0', owner: 'ann at work', lockroot: `/dav/files/ann/${dir}/f` })
    expect(parts.timeout).toMatch(/^Second-(100|99)$/)
    expect(`<${parts.locktoken}>`).toBe(answer.headers['lock-token'])
  })

  it('makes an empty file where nothing was, and 409 without a parent', async () => {
    const answer = await dav('LOCK', `${dir}/new`, { body: LOCK_BODY })
    expect(answer.status).toBe(201)
    expect(await dav('GET', `${dir}/new`)).toMatchObject({ status: 200, text: '' })
    expect((await dav('PUT', `${dir}/new`, { body: 'x' })).status).toBe(423)
    expect((await dav('LOCK', `${dir}/no/new`, { body: LOCK_BODY })).status).toBe(409)
  })

  it('makes anew what was removed while it waited for its turn', async () => {
    const drive = server.drive('ann')
    vi.spyOn(drive, 'inTurn').mockImplementationOnce(async (_path, work) => {
      await drive.remove([dir, 'f'])
      return await work()
    })
    expect((await dav('LOCK', `${dir}/f`, { body: LOCK_BODY })).status).toBe(201)
    expect(await dav('GET', `${dir}/f`)).toMatchObject({ status: 200, text: '' })
  })

  it('refuses what conflicts, by name', async () => {
    await lock(`${dir}/f`)
    for (const body of [LOCK_BODY, shared]) {
      const second = await dav('LOCK', `${dir}/f`, { body })
      expect(second.status).toBe(423)
      expect(second.text).toContain('<d:no-conflicting-lock>')
    }
    expect((await dav('LOCK', dir, { body: LOCK_BODY, headers: { Depth: 'infinity' } })).status).toBe(423)
  })

  it('lets several share', async () => {
    const [one, two] = [await lock(`${dir}/f`, {}, shared), await lock(`${dir}/f`, {}, shared)]
    expect(one).not.toBe(two)
    expect((await dav('LOCK', `${dir}/f`, { body: LOCK_BODY })).status).toBe(423)
    expect((await dav('PUT', `${dir}/f`, { body: 'x' })).status).toBe(423)
    expect((await dav('PUT', `${dir}/f`, { body: 'x', headers: { If: `(${two})` } })).status).toBe(204)
  })

  it('is refreshed without a body, from any resource it covers', async () => {
    const token = await lock(dir, { Timeout: 'Second-10' })
    const headers = { If: `(${token})`, Timeout: 'Second-500' }
    const fresh = await dav('LOCK', `${dir}/f`, { headers })
    expect(fresh.status).toBe(200)
    expect(fresh.text).toMatch(/<d:timeout>Second-(500|499)</)
    expect((await dav('LOCK', `${dir}/f`)).status).toBe(412)
    expect((await dav('LOCK', `${dir}/f`, { headers: { If: '(Not <urn:uuid:none>)' } })).status).toBe(412)
  })

  it.each([
    ['a depth of 1', LOCK_BODY, { Depth: '1' }, 400],
    ['no XML', 'lock please', {}, 400],
    ['an unknown scope', LOCK_BODY.replace('exclusive', 'global'), {}, 400],
  ])('with %s is refused', async (_, body, headers, status) => {
    expect((await dav('LOCK', `${dir}/f`, { body, headers })).status).toBe(status)
  })
})

describe('what is locked', () => {
  it('changes only for who names the token', async () => {
    const token = await lock(`${dir}/f`)
    const patch = '<propertyupdate xmlns="DAV:"><set><prop><a xmlns="urn:x"/></prop></set></propertyupdate>'
    const attempts: [string, string, DavSend][] = [
      ['PUT', `${dir}/f`, { body: 'x' }],
      ['PROPPATCH', `${dir}/f`, { body: patch }],
      ['MOVE', `${dir}/f`, { headers: { Destination: `/dav/files/ann/${dir}/g` } }],
      ['DELETE', `${dir}/f`, {}],
      ['DELETE', dir, {}],
    ]
    for (const [method, path, options] of attempts) {
      const answer = await dav(method, path, options)
      expect(answer.status, method).toBe(423)
      expect(answer.text).toContain('<d:lock-token-submitted>')
    }
    expect(await dav('GET', `${dir}/f`)).toMatchObject({ status: 200, text: 'f' })
    for (const [method, path, options] of attempts.slice(0, 3)) {
      const headers = { ...options.headers, If: `</dav/files/ann/${path}> (${token})` }
      expect((await dav(method, path, { ...options, headers })).status, method).toBeLessThan(300)
    }
  })

  it('in a folder of depth infinity takes no new member without the token', async () => {
    const token = await lock(dir)
    expect((await dav('PUT', `${dir}/g`, { body: 'g' })).status).toBe(423)
    expect((await dav('MKCOL', `${dir}/sub`)).status).toBe(423)
    const headers = { If: `<${server.origin}/dav/files/ann/${dir}/> (${token})` }
    expect((await dav('PUT', `${dir}/g`, { body: 'g', headers })).status).toBe(201)
  })

  it('is judged by the whole If header, before anything happens', async () => {
    const token = await lock(`${dir}/f`)
    const { etag } = (await dav('HEAD', `${dir}/f`)).headers
    const put = (If: string) => dav('PUT', `${dir}/f`, { body: 'y', headers: { If } })
    expect((await put(`(${token} ["other"])`)).status).toBe(412)
    expect((await put('(<urn:uuid:wrong>)')).status).toBe(412)
    expect((await put('(<urn:uuid:wrong>) (Not <DAV:no-lock>)')).status).toBe(423)
    expect((await put('nonsense')).status).toBe(400)
    expect((await put(`</dav/files/bob/x> (["e"])`)).status).toBe(412)
    expect((await put(`<http://other.example/f> (${token})`)).status).toBe(412)
    expect((await put(`(${token} [${etag}])`)).status).toBe(204)
  })
})

describe('UNLOCK', () => {
  it('ends a lock, once, for whoever names it rightly', async () => {
    const token = await lock(`${dir}/f`)
    expect((await dav('UNLOCK', `${dir}/f`)).status).toBe(400)
    expect((await dav('UNLOCK', `${dir}/f`, { headers: { 'Lock-Token': '<urn:uuid:wrong>' } })).status).toBe(
      409,
    )
    expect((await dav('UNLOCK', dir, { headers: { 'Lock-Token': token } })).status).toBe(409)
    expect((await dav('UNLOCK', `${dir}/f`, { headers: { 'Lock-Token': token } })).status).toBe(204)
    expect((await dav('UNLOCK', `${dir}/f`, { headers: { 'Lock-Token': token } })).status).toBe(409)
    expect((await dav('PUT', `${dir}/f`, { body: 'free' })).status).toBe(204)
  })

  it('works from below a locked folder', async () => {
    const token = await lock(dir)
    expect((await dav('UNLOCK', `${dir}/f`, { headers: { 'Lock-Token': token } })).status).toBe(204)
  })
})

it('a deleted file leaves no lock behind', async () => {
  const token = await lock(`${dir}/f`)
  expect((await dav('DELETE', `${dir}/f`, { headers: { If: `(${token})` } })).status).toBe(204)
  expect((await dav('PUT', `${dir}/f`, { body: 'again' })).status).toBe(201)
})
