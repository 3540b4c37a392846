import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { shareAndAccept, type TestUser } from '../support/test-user.ts'

interface Reply {
  error: boolean
  etag?: string
  fileid?: string
  permissions?: string
  message?: string
}

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'], { clients: { bulkUpload: 'always' } })
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
})

afterAll(() => mesh.close())

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

interface Sent {
  path: string
  content: string
  headers?: Record<string, string>
}

function toBody(files: readonly Sent[]): Buffer {
  const parts = files.map(({ path, content, headers }) => {
    const all = {
      'Content-Length': `${Buffer.byteLength(content)}`,
      'X-File-Path': path,
      'X-File-Mtime': '1700000000',
      'X-File-MD5': md5(content),
      ...headers,
    }
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return `--edge\r\n${head.join('')}\r\n${content}\r\n`
  })
  return Buffer.from(`${parts.join('')}--edge--\r\n`)
}

async function bulk(user: TestUser, files: readonly Sent[]): Promise<Record<string, Reply>> {
  const answer = await post(user, toBody(files))
  expect(answer.status).toBe(200)
  return (await answer.json()) as Record<string, Reply>
}

const post = (user: TestUser, body: Buffer, path = '/remote.php/dav/bulk') =>
  fetch(`${leiden.origin}${path}`, {
    method: 'POST',
    headers: { authorization: user.authorization, 'content-type': 'multipart/related; boundary="edge"' },
    body: new Uint8Array(body),
  })

describe('a bulk upload', () => {
  it('writes each file with its time, and says of each what a PUT would', async () => {
    const names = ['/a.txt', '/ünï #100% 😀.txt', '/50%25.txt', '/empty', '/x'.repeat(1)]
    const replies = await bulk(
      ann,
      names.map((path) => ({ path, content: path === '/empty' ? '' : `I am ${path}` })),
    )
    expect(Object.keys(replies).sort()).toEqual([...names].sort())
    for (const path of names) {
      const answer = await ann.dav('GET', `/${encodeURIComponent(path.slice(1))}`)
      expect(await answer.text()).toBe(path === '/empty' ? '' : `I am ${path}`)
      expect(replies[path]).toMatchObject({ error: false, permissions: 'RGDNVW' })
      expect(answer.headers.get('etag')).toBe(`"${replies[path]?.etag}"`)
      expect(answer.headers.get('oc-fileid')).toBe(replies[path]?.fileid)
      expect(answer.headers.get('last-modified')).toBe('Tue, 14 Nov 2023 22:13:20 GMT')
    }
  })

  it('is 300 files in one request as well', async () => {
    await ann.dav('MKCOL', '/many')
    const files = Array.from({ length: 300 }, (_, i) => ({ path: `/many/${i}`, content: `${i}` }))
    const replies = await bulk(ann, files)
    expect(Object.values(replies).filter((reply) => !reply.error)).toHaveLength(300)
    expect(await ann.names('/many')).toHaveLength(300)
  })

  it('reports the fault of one file for that file only', async () => {
    const replies = await bulk(ann, [
      { path: '/good-1', content: 'good' },
      { path: '/damaged', content: 'damaged', headers: { 'X-File-MD5': md5('other') } },
      { path: '/no/parent', content: 'x' },
      { path: '/../../escape', content: 'x' },
      { path: '/', content: 'x' },
      { path: '/unsummed', content: 'x', headers: { 'X-File-MD5': '' } },
      { path: '/bad-time', content: 'x', headers: { 'X-File-Mtime': 'yesterday' } },
      { path: '/many', content: 'a folder stands here' },
      { path: '/good-2', content: 'good' },
    ])
    const failed = Object.entries(replies).filter(([, reply]) => reply.error)
    expect(failed.map(([path]) => path).sort()).toEqual(
      ['/', '/../../escape', '/bad-time', '/damaged', '/many', '/no/parent', '/unsummed'].sort(),
    )
    expect(replies['/damaged']?.message).toContain('md5')
    expect((await ann.dav('GET', '/damaged')).status).toBe(404)
    expect(await (await ann.dav('GET', '/good-2')).text()).toBe('good')
  })

  it('observes a condition of a part: what changed meanwhile is not overwritten', async () => {
    const { etag } = (await bulk(ann, [{ path: '/own', content: '1' }]))['/own'] ?? {}
    await ann.put('/own', '2')
    const condition = { 'If-Match': `"${etag}"` }
    expect((await bulk(ann, [{ path: '/own', content: '3', headers: condition }]))['/own']?.error).toBe(true)
    expect(await (await ann.dav('GET', '/own')).text()).toBe('2')
  })

  it('takes larger files too, and the last of two with one name', async () => {
    const large = 'x'.repeat(700_000)
    const replies = await bulk(ann, [
      { path: '/large', content: large },
      { path: '/twice', content: 'first' },
      { path: '/twice', content: 'second' },
    ])
    expect(replies['/large']?.error).toBe(false)
    expect((await (await ann.dav('GET', '/large')).text()).length).toBe(700_000)
    expect(await (await ann.dav('GET', '/twice')).text()).toBe('second')
  })

  it('has in a share the rights of the share', async () => {
    await ann.dav('MKCOL', '/for-bob')
    await ann.dav('MKCOL', '/to-edit')
    await shareAndAccept(ann, bob, '/for-bob')
    await shareAndAccept(ann, bob, '/to-edit', 'editor')
    const replies = await bulk(bob, [
      { path: '/for-bob/no.txt', content: 'x' },
      { path: '/to-edit/yes.txt', content: 'y' },
    ])
    expect(replies['/for-bob/no.txt']?.error).toBe(true)
    expect(replies['/to-edit/yes.txt']).toMatchObject({ error: false, permissions: 'SGDNVW' })
    expect(await (await ann.dav('GET', '/to-edit/yes.txt')).text()).toBe('y')
  })

  it('leaves locked files alone', async () => {
    await ann.put('/locked', 'kept')
    const body =
      '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    expect((await ann.dav('LOCK', '/locked', { body })).status).toBe(200)
    expect((await bulk(ann, [{ path: '/locked', content: 'lost' }]))['/locked']?.error).toBe(true)
    expect(await (await ann.dav('GET', '/locked')).text()).toBe('kept')
  })

  it('that is none is refused, without credentials too', async () => {
    expect((await post(ann, Buffer.from('hello'))).status).toBe(400)
    expect((await post(ann, toBody([]), '/remote.php/dav/bulk/more')).status).toBe(404)
    const typeless = await fetch(`${leiden.origin}/dav/bulk`, {
      method: 'POST',
      headers: { authorization: ann.authorization },
      body: 'x',
    })
    expect(typeless.status).toBe(400)
    expect((await fetch(`${leiden.origin}/dav/bulk`, { method: 'POST' })).status).toBe(401)
    const get = await fetch(`${leiden.origin}/dav/bulk`, { headers: { authorization: ann.authorization } })
    expect(get.status).toBe(405)
  })
})
