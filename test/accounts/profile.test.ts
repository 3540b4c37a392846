import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let ann: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  ann = await (mesh.nodes[0] as TestNode).addUser('ann')
})

afterAll(() => mesh?.close())

describe('one’s own profile', () => {
  it('takes a name and a mail address, each by itself', async () => {
    await ann.api('PATCH', '/me', { displayName: '  Ann van Leiden ' })
    await ann.api('PATCH', '/me', { email: 'ann@leiden.example' })
    expect(await ann.api('GET', '/me')).toMatchObject({
      displayName: 'Ann van Leiden',
      email: 'ann@leiden.example',
    })
    await ann.api('PATCH', '/me', { email: '' })
    expect(await ann.api('GET', '/me')).toMatchObject({ displayName: 'Ann van Leiden', email: '' })
  })

  it.each([
    { displayName: ' ' },
    { email: 'nowhere' },
    { isAdmin: true },
    { quotaBytes: 1 },
    { name: 'bob' },
  ])('refuses %o', async (change) => {
    expect(await ann.call('PATCH', '/me', change)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_INPUT' },
    })
  })

  it('is not for programs with an app password', async () => {
    const { password } = await ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'sync' })
    const answer = await fetch(`${ann.origin}/api/v1/me`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
      body: JSON.stringify({ displayName: 'Eve' }),
    })
    expect(answer.status).toBe(403)
  })
})
