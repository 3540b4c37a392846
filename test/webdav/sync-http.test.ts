import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { childElements, findChild, parseXml, textOf } from '../../src/platform/xml.ts'
import { type DavReply, type DavSend, readMultistatus, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ maxTreeEntries: 50, withShare: true })
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const NAMESPACES = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:x="urn:x"'

interface Asked {
  token?: string
  level?: string
  limit?: number
  user?: string
  headers?: Record<string, string>
  prop?: string
}

function report(path: string, asked: Asked = {}): Promise<DavReply> {
  const { token = '', level = 'infinite', limit, user, headers, prop = '<d:getetag/>' } = asked
  const most = limit === undefined ? '' : `<d:limit><d:nresults>${limit}</d:nresults></d:limit>`
  const body = `<d:sync-collection ${NAMESPACES}><d:sync-token>${token}</d:sync-token><d:sync-level>${level}</d:sync-level>${most}<d:prop>${prop}</d:prop></d:sync-collection>`
  return dav('REPORT', path, { body, user, headers: { Depth: '0', ...headers } })
}

/** `+name` for what is there, and a status for the rest; the names below the folder asked for. */
function told(answer: DavReply, path: string): string[] {
  expect(answer.status, answer.text).toBe(207)
  return readMultistatus(answer.text)
    .filter(({ href }) => href !== '')
    .map(({ href, element }) => {
      const status = findChild(element, 'DAV:', 'status')
      const mark = status === undefined ? '+' : `${textOf(status).split(' ')[1]} `
      return mark + href.replace(new RegExp(`^/dav/files/[a-z]+/${path}`), '')
    })
    .sort()
}
const tokenOf = ({ text }: DavReply) => textOf(findChild(parseXml(text), 'DAV:', 'sync-token') as never)

async function property(path: string, name: string, depth = '0') {
  const body = `<d:propfind ${NAMESPACES}><d:prop><${name}/></d:prop></d:propfind>`
  return readMultistatus((await dav('PROPFIND', path, { body, headers: { Depth: depth } })).text)
}

describe('REPORT sync-collection', () => {
  it('tells everything at first, then what changed, with 404 for what is gone', async () => {
    await dav('MKCOL', 's')
    await dav('MKCOL', 's/sub')
    await dav('PUT', 's/a%20%26.txt', { body: 'a' })
    await dav('PUT', 's/sub/b.txt', { body: 'b' })
    const first = await report('s')
    expect(told(first, 's')).toEqual(['+/a%20%26.txt', '+/sub/', '+/sub/b.txt'])
    expect(told(await report('s', { level: '1' }), 's')).toEqual(['+/a%20%26.txt', '+/sub/'])
    const token = tokenOf(first)
    expect(told(await report('s', { token }), 's')).toEqual([])
    await dav('DELETE', 's/a%20%26.txt')
    await dav('PUT', 's/sub/b.txt', { body: 'bb' })
    const second = await report('s/', { token })
    expect(told(second, 's')).toEqual(['+/sub/', '+/sub/b.txt', '404 /a%20%26.txt'])
    await dav('MOVE', 's/sub', { headers: { Destination: '/dav/files/ann/s/moved' } })
    const third = await report('s', { token: tokenOf(second) })
    expect(told(third, 's')).toEqual(['+/moved/', '+/moved/b.txt', '404 /sub/'])
  })

  it('gives properties of every kind, those of clients too', async () => {
    await dav('MKCOL', 'p')
    await dav('PUT', 'p/f', { body: 'abc' })
    const patch = `<d:propertyupdate ${NAMESPACES}><d:set><d:prop><x:mine>1</x:mine></d:prop></d:set></d:propertyupdate>`
    await dav('PROPPATCH', 'p/f', { body: patch })
    const prop = '<d:getcontentlength/><oc:permissions/><d:lockdiscovery/><x:mine/><x:none/>'
    const [reply] = readMultistatus((await report('p', { prop })).text)
    expect(reply?.found).toEqual({
      getcontentlength: '3',
      permissions: 'RGDNVW',
      lockdiscovery: '',
      mine: '1',
    })
    expect(reply?.missing).toEqual(['none'])
    const minimal = await report('p', { prop, headers: { Prefer: 'return=minimal' } })
    expect(minimal.headers['preference-applied']).toBe('return=minimal')
    expect(readMultistatus(minimal.text)[0]?.missing).toEqual([])
  })

  it('comes in pages, by the limit of the client or the server, with 507 while more follows', async () => {
    await dav('MKCOL', 'many')
    for (let i = 0; i < 60; i++) await dav('PUT', `many/${i}`, { body: '' })
    const names = new Set<string>()
    let token = ''
    for (let pages = 1; ; pages++) {
      const answer = await report('many', { token, limit: 25 })
      token = tokenOf(answer)
      const lines = told(answer, 'many')
      for (const line of lines.filter((one) => one.startsWith('+'))) names.add(line)
      if (!lines.includes('507 /')) break
      expect(lines).toHaveLength(26)
      expect(answer.text).toContain('<d:error><d:number-of-matches-within-limits/></d:error>')
      expect(pages).toBeLessThan(4)
    }
    expect(names.size).toBe(60)
    expect(told(await report('many'), 'many')).toHaveLength(51)
  })

  it('refuses what it cannot answer, with the conditions of the RFCs', async () => {
    await dav('MKCOL', 'r')
    await dav('PUT', 'r/f', { body: '' })
    const cases: [Promise<DavReply>, number, string][] = [
      [report('r', { token: 'urn:causeway:sync:none~1' }), 403, '<d:valid-sync-token/>'],
      [report('r', { token: 'http://example.org/1' }), 403, '<d:valid-sync-token/>'],
      [report('r/f'), 403, '<d:supported-report/>'],
      [dav('REPORT', 'r', { body: '<d:version-tree xmlns:d="DAV:"/>' }), 403, '<d:supported-report/>'],
      [dav('REPORT', 'r'), 400, 'there is none'],
      [report('r', { level: '2' }), 400, 'sync-level'],
      [report('r', { limit: 0 }), 400, 'nresults'],
      [report('r', { headers: { Depth: '1' } }), 400, 'Depth'],
      [report('none'), 404, ''],
      [report('', { user: 'ann', headers: { Authorization: 'Basic eDp4' } }), 401, ''],
    ]
    for (const [answer, status, text] of cases) {
      const { status: got, text: said } = await answer
      expect([got, said]).toEqual([status, expect.stringContaining(text)])
    }
  })

  it('leaves a share at the root of a drive to be asked itself, and works inside it', async () => {
    const user = 'bob'
    await dav('PUT', 'shared/one.txt', { body: '1' })
    const root = await report('', { user })
    expect(told(root, '')).toEqual(['403 from%20ann/'])
    expect(root.text).toContain('<d:sync-traversal-supported/>')
    expect(told(await report('', { user, level: '1' }), '')).toEqual(['+from%20ann/'])
    expect(told(await report('', { user, token: tokenOf(root) }), '')).toEqual(['403 from%20ann/'])
    await send(server, 'PUT', 'b1', { user, body: '' })
    await send(server, 'PUT', 'b2', { user, body: '' })
    const page = await report('', { user, limit: 2 })
    expect(told(page, '')).toEqual([expect.stringMatching(/^\+b[12]$/), '507 '])
    const rest = await report('', { user, limit: 2, token: tokenOf(page) })
    expect(told(rest, '')).toEqual([expect.stringMatching(/^\+b[12]$/), '403 from%20ann/'])
    const inside = await report('from%20ann', { user, prop: '<oc:permissions/>' })
    expect(readMultistatus(inside.text)[0]?.found.permissions).toBe('SG')
    await dav('PUT', 'elsewhere.txt', { body: '' })
    const again = await report('from%20ann', { user, token: tokenOf(inside) })
    expect(told(again, 'from%20ann')).toEqual([])
  })

  it('is announced by properties and Allow; its token is the one of the property', async () => {
    await dav('MKCOL', 't')
    await dav('MKCOL', 't/sub')
    await dav('PUT', 't/f', { body: '' })
    const [folder, file, sub] = await property('t', 'd:sync-token', '1')
    expect(folder?.found['sync-token']).toBe(tokenOf(await report('t')))
    expect(file?.missing).toEqual(['sync-token'])
    expect(sub?.found['sync-token']).toBe(tokenOf(await report('t/sub')))
    const [supported] = await property('t', 'd:supported-report-set')
    expect(childElements(supported?.element as never).length).toBeGreaterThan(1)
    expect((await dav('OPTIONS', 't')).headers.allow).toContain('REPORT')
  })

  it('holds in an If header as long as nothing below the folder changed', async () => {
    await dav('MKCOL', 'if')
    const token = tokenOf(await report('if'))
    const If = `</dav/files/ann/if> (<${token}>)`
    await dav('PUT', 'outside.txt', { body: '' })
    expect((await dav('PUT', 'if/a', { body: '', headers: { If } })).status).toBe(201)
    expect((await dav('PUT', 'if/b', { body: '', headers: { If } })).status).toBe(412)
    const deep = `</dav/files/ann/if> (<${tokenOf(await report('if'))}>)`
    await dav('MKCOL', 'if/sub', { headers: { If: deep } })
    const now = `</dav/files/ann/if> (<${tokenOf(await report('if'))}>)`
    await dav('PUT', 'if/sub/x', { body: '' })
    expect((await dav('PUT', 'if/c', { body: '', headers: { If: now } })).status).toBe(412)
    const stale = `</dav/files/ann/if> (Not <urn:causeway:sync:no~1>)`
    expect((await dav('PUT', 'if/c', { body: '', headers: { If: stale } })).status).toBe(201)
  })
})

describe('Prefer', () => {
  const body = `<d:propfind ${NAMESPACES}><d:prop><d:getetag/><x:none/></d:prop></d:propfind>`
  const patch = (name: string) =>
    `<d:propertyupdate ${NAMESPACES}><d:set><d:prop><${name}>1</${name}></d:prop></d:set></d:propertyupdate>`

  it('leaves out what was not found, the folder itself, or both', async () => {
    await dav('MKCOL', 'prefer')
    await dav('PUT', 'prefer/f', { body: '' })
    const ask = async (Prefer: string, Depth = '1') => {
      const { headers, text } = await dav('PROPFIND', 'prefer', { body, headers: { Depth, Prefer } })
      const replies = readMultistatus(text)
      return [headers['preference-applied'], replies.length, replies.flatMap(({ missing }) => missing).length]
    }
    expect(await ask('')).toEqual([undefined, 2, 2])
    expect(await ask('return=minimal')).toEqual(['return=minimal', 2, 0])
    expect(await ask('depth-noroot')).toEqual(['depth-noroot', 1, 1])
    expect(await ask('Return = "Minimal"; foo, depth-noroot')).toEqual(['return=minimal, depth-noroot', 1, 0])
    expect(await ask('depth-noroot', '0')).toEqual([undefined, 1, 1])
    expect(await ask('return=minimalistic, respond-async')).toEqual([undefined, 2, 2])
  })

  it('makes PROPPATCH answer 204 when all went well and in full when not', async () => {
    await dav('PUT', 'patched', { body: '' })
    const headers = { Prefer: 'return=minimal' }
    const good = await dav('PROPPATCH', 'patched', { body: patch('x:a'), headers })
    expect([good.status, good.text]).toEqual([204, ''])
    expect(good.headers['preference-applied']).toBe('return=minimal')
    const bad = await dav('PROPPATCH', 'patched', { body: patch('d:getetag'), headers })
    expect([bad.status, bad.headers['preference-applied']]).toEqual([207, undefined])
    expect(bad.headers.vary).toBe('Prefer, Brief')
  })

  it('is told to those who asked for no more than PUT and MKCOL answer anyway', async () => {
    const headers = { Prefer: 'return=minimal' }
    const ask = async (more: Record<string, string>) => [
      await dav('PUT', 'brief.txt', { body: 'x', headers: more }),
      await dav('MKCOL', `brief-${Object.keys(more).length}`, { headers: more }),
    ]
    for (const { headers: told, text } of await ask(headers)) {
      expect([told['preference-applied'], text]).toEqual(['return=minimal', ''])
    }
    for (const { headers: told } of await ask({})) expect(told['preference-applied']).toBeUndefined()
  })
})
