import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
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

/** One request exactly as written; the status of the answer. */
async function send(method: string, path: string, headers: Record<string, string>, body: string) {
  const { hostname, port } = new URL(leiden.origin)
  const outgoing = request({ hostname, port, method, path, headers, agent: false })
  outgoing.on('error', () => undefined) // a refused body may break off after the answer is there
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'close')
  return answer.statusCode ?? 0
}

const method = fc.constantFrom(
  'GET',
  'PUT',
  'POST',
  'MKCOL',
  'MOVE',
  'DELETE',
  'PROPFIND',
  'OPTIONS',
  'HEAD',
  'LOCK',
)
const piece = fc.constantFrom(
  'ann',
  'u',
  '1',
  '0000',
  '.file',
  '.facts.json',
  '%2e%2e',
  '%00',
  'x y'.replace(' ', '%20'),
  '%ff',
  '..',
  '',
)
const place = fc.constantFrom(
  '/dav/uploads',
  '/dav/uploads/ann',
  '/dav/uploads/ann/u',
  '/dav/uploads/ann/u/1',
  '/dav/uploads/ann/u/.file',
  '/remote.php/dav/uploads',
  '/dav/bulk',
  '/ocs/v1.php',
  '/ocs/v2.php',
  '/ocs/v2.php/cloud/shares',
  '/ocs/v1.php/apps/files_sharing/api/v1/shares',
  '/ocs/v2.php/apps/files_sharing/api/v1/remote_shares/pending',
  '/ocs/v2.php/apps/notifications/api/v2/notifications',
  '/apps/files_sharing/shareinfo',
  '/login/v2',
  '/index.php',
)
const path = fc
  .tuple(place, fc.array(piece, { maxLength: 4 }))
  .map(([start, pieces]) => [start, ...pieces].join('/'))
const value = fc.oneof(
  fc.constantFrom(
    '1',
    '-1',
    '1e9',
    '*',
    'T',
    '/dav/files/ann/x',
    '/dav/uploads/ann/u/1',
    '</x> (["e"])',
    'SHA1:00',
  ),
  fc.constantFrom(
    'multipart/related; boundary=b',
    'https://other.example/',
    '99999999999999999999',
    '(Not <urn:x>)',
  ),
  fc.string({ unit: fc.constantFrom(...'ab"\\:;,<>()[]*% 0'), maxLength: 20 }).map((text) => text.trim()),
)
const headerName = fc.constantFrom(
  'destination',
  'oc-total-length',
  'oc-checksum',
  'x-oc-mtime',
  'if',
  'if-match',
  'overwrite',
  'depth',
  'content-type',
  'range',
)
const headers = fc
  .array(fc.tuple(headerName, value), { maxLength: 3 })
  .map((pairs) => Object.fromEntries(pairs))
const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  fc.string({ maxLength: 50 }),
  fc.constantFrom(
    '--b\r\nContent-Length: 1\r\nX-File-Path: /../x\r\nX-File-MD5: 0\r\n\r\na\r\n--b--\r\n',
    'token=x',
    '<x/>',
  ),
)

describe('whatever is sent to the face of the sync clients', () => {
  it('is answered, never with a fault of this server', async () => {
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(method, path, headers, body, async (...sent) => {
        const authorization = sent[2].range === '1' ? {} : { authorization: ann.authorization }
        const status = await send(sent[0], sent[1], { ...sent[2], ...authorization }, sent[3])
        seen.set(status, (seen.get(status) ?? 0) + 1)
        expect([500, 0]).not.toContain(status)
      }),
      { numRuns: 2_000 },
    )
    // It went deep enough to do something.
    for (const status of [200, 400, 404, 405]) expect([...seen.keys()]).toContain(status)
  })
})
