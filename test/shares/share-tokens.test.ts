import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OcmShare } from '../../src/ocm/types.ts'
import { sha256Hex } from '../../src/platform/ids.ts'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, Mesh, type TestNode } from './support.ts'

const closed = expect.objectContaining({ status: 401 })

describe.each(engines)('access tokens for shares on %s', (engine) => {
  let mesh: Mesh
  let leiden: TestNode
  let krakow: TestNode
  const sent: OcmShare[] = []

  beforeAll(async () => {
    mesh = new Mesh()
    leiden = await createTestNode(mesh, 'leiden', { users: ['ann'], engine })
    krakow = await createTestNode(mesh, 'krakow', { users: ['jan'] })
    const inbox = mesh.nodes.get(krakow.host)
    const receiveShare = async (share: OcmShare) => {
      sent.push(share)
      return { recipientDisplayName: '' }
    }
    mesh.nodes.set(krakow.host, { ...inbox, receiveShare } as never)
    for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt', 'e.txt'])
      await (await leiden.home('ann')).write([name], bytes(name))
  })
  afterAll(async () => {
    await leiden.close()
    await krakow.close()
  })

  async function give(path: string, more: object = {}): Promise<{ id: string; secret: string }> {
    const body = { path, shareWith: `jan@${krakow.host}`, role: 'viewer', ...more }
    const { id } = (await leiden.api('ann', 'createShare', { body })) as { id: string }
    return { id, secret: sent.find((one) => one.providerId === id)?.webdav.sharedSecret ?? '' }
  }
  const exchange = async (secret: string, host = krakow.host) =>
    (await leiden.shares.inbox.exchangeToken(secret, host))?.accessToken ?? ''
  const open = (secret: string, id?: string) => leiden.shares.openShareAccess(secret, id)

  it('open the share of the secret, and no other', async () => {
    const { id, secret } = await give('/a.txt')
    const other = await give('/b.txt')
    const token = await exchange(secret)
    expect(token).toMatch(/^cwat_[\w-]{43}$/)
    expect((await open(token, id)).shareId).toBe(id)
    expect((await open(token)).shareId).toBe(id)
    await expect(open(token, other.id)).rejects.toEqual(closed)
    await expect(open(`${token}x`, id)).rejects.toEqual(closed)
  })

  it('are given to the server of the recipient only, for a secret that is right', async () => {
    const { secret } = await give('/c.txt')
    expect(await exchange(secret, 'other.test')).toBe('')
    expect(await exchange(`${secret}x`)).toBe('')
    expect(await exchange('')).toBe('')
    expect(await exchange(sha256Hex(secret))).toBe('')
    const token = await exchange(secret)
    expect(await exchange(token)).toBe('')
  })

  it('end after their time, and are forgotten then', async () => {
    const [share] = sent
    const token = await exchange(share?.webdav.sharedSecret ?? '')
    leiden.clock.advance(299_000)
    await open(token)
    leiden.clock.advance(1_000)
    await expect(open(token)).rejects.toEqual(closed)
    await exchange(share?.webdav.sharedSecret ?? '')
    expect(await leiden.db('share_tokens').select('token_hash')).toHaveLength(1)
  })

  it('are stored as hashes only', async () => {
    const token = await exchange(sent[0]?.webdav.sharedSecret ?? '')
    const rows = await leiden.db('share_tokens').select()
    expect(rows.map((row) => row.token_hash)).toContain(sha256Hex(token))
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  it('are all that opens a share that demands them', async () => {
    const { id, secret } = await give('/d.txt')
    expect((await open(secret, id)).shareId).toBe(id)
    await leiden.db('shares').where({ id }).update({ must_exchange: 1 })
    await expect(open(secret, id)).rejects.toEqual(closed)
    await expect(open(secret)).rejects.toEqual(closed)
    expect((await open(await exchange(secret), id)).shareId).toBe(id)
  })

  it('open nothing once the share is withdrawn, nor are new ones given', async () => {
    const { id, secret } = await give('/e.txt')
    const token = await exchange(secret)
    await leiden.api('ann', 'revokeShare', { params: { id } })
    await expect(open(token, id)).rejects.toEqual(closed)
    expect(await exchange(secret)).toBe('')
  })
})
