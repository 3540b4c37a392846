import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
})

afterAll(() => mesh.close())

const send = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Uint8Array<ArrayBuffer>,
) =>
  fetch(`${leiden.origin}${path}`, {
    method,
    headers: { authorization: ann.authorization, 'tus-resumable': '1.0.0', ...headers },
    ...(body === undefined || method === 'HEAD' || method === 'GET' ? {} : { body }),
  })

const type = { 'content-type': 'application/offset+octet-stream' }
const filename = `filename ${Buffer.from('file').toString('base64')}`

async function begin(length: number): Promise<string> {
  const made = await send('POST', '/dav/tus/ann/', {
    'upload-length': `${length}`,
    'upload-metadata': filename,
  })
  return made.headers.get('location') ?? ''
}

/** One thing a client does: sends so many bytes from there on (relative to where it should), or asks. */
const step = fc.record({
  size: fc.integer({ min: 0, max: 5_000 }),
  shift: fc.constantFrom(0, 0, 0, 0, -1, 1, 1_000),
  isBadlySummed: fc.constantFrom(false, false, false, true),
})

describe('a resumable upload, whatever a client does', () => {
  it('has the bytes that were taken, in their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const content = randomBytes(20_000)
        const cut = (from: number, to: number) => new Uint8Array(content.subarray(from, to))
        const location = await begin(content.length)
        let end = 0
        for (const { size, shift, isBadlySummed } of steps) {
          const offset = Math.max(0, end + shift)
          const sum: Record<string, string> = isBadlySummed
            ? { 'upload-checksum': 'sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }
            : {}
          const headers = { ...type, 'upload-offset': `${offset}`, ...sum }
          const { status } = await send('PATCH', location, headers, cut(offset, offset + size))
          const isTaken = offset === end && !isBadlySummed && end < content.length
          if (isTaken) expect(status).toBe(204)
          else expect([204, 400, 409, 413, 460]).toContain(status)
          if (status === 204) end = Math.min(content.length, offset + size)
          const told = await send('HEAD', location, {})
          expect(told.headers.get('upload-offset')).toBe(`${end}`)
        }
        const headers = { ...type, 'upload-offset': `${end}` }
        expect((await send('PATCH', location, headers, cut(end, content.length))).status).toBe(204)
        const read = Buffer.from(await (await ann.dav('GET', '/file')).arrayBuffer())
        expect(read.equals(content)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('is answered, never with a fault of this server', async () => {
    const location = await begin(1_000_000)
    const value = fc.oneof(
      fc.constantFrom(
        '0',
        '1',
        '-1',
        '1e3',
        '99999999999999999999',
        filename,
        'sha1 x',
        'md5',
        '*',
        'PATCH',
        '"e"',
      ),
      fc
        .string({ unit: fc.constantFrom(...'ab"\\:;,<>()[]*% 0='), maxLength: 20 })
        .map((text) => text.trim()),
    )
    const header = fc.constantFrom(
      'tus-resumable',
      'upload-length',
      'upload-offset',
      'upload-defer-length',
      'upload-metadata',
      'upload-checksum',
      'upload-concat',
      'x-http-method-override',
      'content-type',
      'if-match',
      'if',
    )
    const path = fc.constantFrom(
      location,
      '/dav/tus/ann',
      '/dav/tus/ann/x/y',
      '/dav/files/ann/',
      `/dav/tus/ann/tus-${'a'.repeat(43)}`,
    )
    const method = fc.constantFrom('POST', 'PATCH', 'HEAD', 'OPTIONS', 'GET', 'PUT', 'PROPFIND')
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(
        method,
        path,
        fc.array(fc.tuple(header, value), { maxLength: 4 }),
        fc.uint8Array({ maxLength: 10 }),
        async (verb, address, pairs, body) => {
          const known = { ...type, 'upload-offset': '0', 'upload-length': '5', 'upload-metadata': filename }
          const headers = { ...known, ...Object.fromEntries(pairs) }
          const { status } = await send(verb, address, headers, new Uint8Array(body))
          seen.add(status)
          expect(status).not.toBe(500)
        },
      ),
      { numRuns: 600 },
    )
    for (const status of [201, 204, 400, 404, 405]) expect([...seen]).toContain(status)
  })
})
