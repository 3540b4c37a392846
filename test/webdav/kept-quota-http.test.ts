import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

type Headers = Record<string, string>

/** A drive of 1,000 bytes that keeps what is overwritten, with a file of 600: 400 are left, whatever the target. */
describe('a drive that keeps what is overwritten refuses what does not fit beside it, before the body', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let eve: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['krakow'])
    const folder = join((mesh.nodes[0] as TestNode).folder, 'small')
    const small = await mesh.start('small', { storage: { folder, quotaBytes: 1_000, fsync: 'never' } })
    eve = await small.addUser('eve')
    await eve.put('/there', 'x'.repeat(600))
  })

  afterAll(() => mesh.close())

  const at = (method: string, path: string, headers: Headers = {}, body?: string) =>
    fetch(`${eve.origin}/remote.php/dav${path}`, {
      method,
      headers: { authorization: eve.authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    })

  /** The answer to a PUT of which only the head was sent; 100 when the body was asked for. */
  async function headOf(path: string, headers: Headers): Promise<number> {
    const outgoing: ClientRequest = request(`${eve.origin}/remote.php/dav/files/eve${path}`, {
      method: 'PUT',
      headers: { authorization: eve.authorization, expect: '100-continue', ...headers },
    })
    outgoing.on('error', () => undefined)
    outgoing.flushHeaders()
    const status = await Promise.race([
      once(outgoing, 'continue').then(() => 100),
      once(outgoing, 'response').then(([answer]) => (answer as IncomingMessage).statusCode ?? 0),
    ])
    outgoing.destroy()
    return status
  }

  it.each([
    ['Content-Length', { 'content-length': '500' }, 507],
    ['OC-Total-Length', { 'transfer-encoding': 'chunked', 'oc-total-length': '500' }, 507],
    ['a Content-Length that fits', { 'content-length': '400' }, 100],
    ['an OC-Total-Length that fits', { 'transfer-encoding': 'chunked', 'oc-total-length': '400' }, 100],
  ])('by %s of a PUT', async (_, headers, status) => {
    expect(await headOf('/there', headers)).toBe(status)
    expect(await headOf('/new', headers)).toBe(status)
  })

  it('by the length of an upload in parts, when it begins and when it ends', async () => {
    const destination = '/remote.php/dav/files/eve/there'
    expect((await at('MKCOL', '/uploads/eve/a', { 'oc-total-length': '500', destination })).status).toBe(507)
    expect((await at('MKCOL', '/uploads/eve/a', { destination })).status).toBe(201)
    expect((await at('PUT', '/uploads/eve/a/1', {}, 'y'.repeat(500))).status).toBe(201)
    expect((await at('MOVE', '/uploads/eve/a/.file', { destination })).status).toBe(507)
    expect((await at('PROPFIND', '/uploads/eve/a/1', { depth: '0' })).status).toBe(207)
  })

  it('by the length of a resumable upload, when it begins', async () => {
    const begin = (length: number) =>
      at('POST', '/files/eve/', {
        'tus-resumable': '1.0.0',
        'upload-length': `${length}`,
        'upload-metadata': `filename ${Buffer.from('there').toString('base64')}`,
      })
    expect((await begin(500)).status).toBe(507)
    expect((await begin(400)).status).toBe(201)
  })

  it('file by file of a bulk upload', async () => {
    const part = (path: string, content: string) => {
      const md5 = createHash('md5').update(content).digest('hex')
      return `--edge\r\nContent-Length: ${content.length}\r\nX-File-Path: ${path}\r\nX-File-MD5: ${md5}\r\n\r\n${content}\r\n`
    }
    const body = `${part('/there', 'y'.repeat(500))}${part('/small', 'yes')}--edge--\r\n`
    const answer = await at('POST', '/bulk', { 'content-type': 'multipart/related; boundary="edge"' }, body)
    const replies = (await answer.json()) as Record<string, { error: boolean; message?: string }>
    expect(replies['/there']).toMatchObject({ error: true, message: expect.stringContaining('quota') })
    expect(replies['/small']).toMatchObject({ error: false })
    expect(await (await eve.dav('GET', '/there')).text()).toBe('x'.repeat(600))
  })
})
