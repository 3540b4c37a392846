import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receivedSecret } from '../support/received-secret.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser } from '../support/test-user.ts'

describe('two nodes that exchange the secrets of their shares', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser
  let shareId: string
  let receivedId: string

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
    await ann.dav('MKCOL', '/data')
    await ann.put('/data/a.txt', 'alpha')
    ;({ shareId, receivedId } = await shareAndAccept(ann, jan, '/data', 'editor'))
  })
  afterAll(() => mesh.close())

  /** As if the tokens had ended before their time. */
  const forgetTokens = () => leiden.node.db('share_tokens').delete()
  const tokens = async () => (await leiden.node.db('share_tokens').select('token_hash')).length
  const read = async () => (await jan.dav('GET', '/data/a.txt')).text()

  it('open a share by a token, which is good for all that follows', async () => {
    expect(await read()).toBe('alpha')
    await jan.put('/data/b.txt', 'beta')
    expect(await jan.names('/data/')).toEqual(['a.txt', 'b.txt'])
    expect(await tokens()).toBe(1)
    const row = await krakow.node.db('received_shares').where({ id: receivedId }).first()
    expect(row).toMatchObject({ must_exchange: 1, access: 'token' })
  })

  it('do not open it by the secret itself', async () => {
    const secret = await receivedSecret(krakow, receivedId)
    const basic = `Basic ${Buffer.from(`${secret}:`).toString('base64')}`
    for (const authorization of [`Bearer ${secret}`, basic]) {
      for (const path of [`/dav/ocm/${shareId}/a.txt`, '/public.php/webdav/a.txt', '/dav/ocm/a.txt']) {
        const answer = await fetch(leiden.origin + path, { headers: { authorization } })
        expect([path, answer.status]).toEqual([path, 401])
      }
    }
  })

  it('renew a token that is not taken any more, and the request is made again', async () => {
    expect(await read()).toBe('alpha')
    await forgetTokens()
    expect(await read()).toBe('alpha')
    await forgetTokens()
    expect(await jan.names('/data/')).toEqual(['a.txt', 'b.txt'])
    expect((await jan.dav('MKCOL', '/data/sub')).status).toBe(201)
    expect(await tokens()).toBe(1)
  })

  it('renew it for an upload, small or large, and nobody notices', async () => {
    for (const [name, sizeBytes] of [['c.txt', 5] as const, ['d.txt', 200_000] as const]) {
      await forgetTokens()
      const body = 'x'.repeat(sizeBytes)
      expect((await jan.dav('PUT', `/data/${name}`, { body })).status).toBe(201)
      expect(await (await ann.dav('GET', `/data/${name}`)).text()).toBe(body)
      expect(await tokens()).toBe(1)
    }
  })

  it('renew it for a transfer, too', async () => {
    const order = { source: { shareId: receivedId }, destination: { path: '/copied' } }
    await forgetTokens()
    const { id } = await jan.api<{ id: string }>('POST', '/transfers', order)
    expect(await jan.untilEnded(id)).toMatchObject({ state: 'FINISHED' })
    expect(await (await jan.dav('GET', '/copied/a.txt')).text()).toBe('alpha')
  })

  it('close a share at once when it is withdrawn, whoever has a token', async () => {
    expect(await read()).toBe('alpha')
    await ann.api('DELETE', `/shares/${shareId}`)
    expect((await jan.dav('GET', '/data/a.txt')).status).toBe(404)
  })
})
