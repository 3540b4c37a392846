import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

describe('a page that posts with the password that the browser knows', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
  })

  afterAll(() => mesh.close())

  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const all = { authorization: ann.authorization, ...headers }
    const answer = await fetch(`${leiden.origin}/api/v1${path}`, { method, headers: all })
    return [answer.status, ((await answer.json()) as { code?: string }).code]
  }
  const refused = [403, 'CROSS_SITE_REQUEST']

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { origin: 'https://evil.test' },
    { origin: 'https://leiden.test.evil.test' },
    { origin: 'null' },
  ])('is refused every change: %j', async (headers) => {
    for (const [method, path] of [
      ['POST', '/invitations'],
      ['POST', '/received-shares/x/accept'],
      ['PATCH', '/shares/x'],
      ['DELETE', '/shares/x'],
    ] as const) {
      expect(await ask(method, path, headers), `${method} ${path}`).toEqual(refused)
    }
    expect((await ask('GET', '/me', headers))[0]).toBe(200)
  })

  it('is taken from this node itself, from its public address, and from what is no browser', async () => {
    const { publicUrl } = leiden.node.config
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { origin: leiden.origin },
      { origin: new URL(publicUrl).origin },
    ] as Record<string, string>[]) {
      const [status] = await ask('POST', '/invitations', headers)
      expect(status, JSON.stringify(headers)).toBeLessThan(300)
    }
  })
})
