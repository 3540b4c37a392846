import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isoTime } from '../../src/platform/clock.ts'
import { receivedSecret } from '../support/received-secret.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'
import { FakeClock } from '../transfers/support/fake-clock.ts'

interface ShareView {
  id: string
  state: string
  role: string
  note?: string
  expiresAt?: string
  mountPath?: string
}

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let ann: TestUser
let jan: TestUser
let clock: FakeClock

async function open(exchangeTokens: 'never' | 'offer') {
  clock = new FakeClock()
  mesh = await TestMesh.create(['leiden', 'krakow'], { ocm: { exchangeTokens } }, undefined, { clock })
  ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
}

const given = (id: string) => ann.api<ShareView>('GET', `/shares/${id}`)
const taken = (id: string) => jan.api<ShareView>('GET', `/received-shares/${id}`)
const inSeconds = (seconds: number) => isoTime(clock.nowMs() + seconds * 1_000)

/** Shares with jan; answers the id here, and the share as it waits there. */
async function give(path: string, terms: object = {}) {
  const body = { path, shareWith: jan.address, role: 'viewer', ...terms }
  const { id } = await ann.api<ShareView>('POST', '/shares', body)
  const { items } = await jan.api<{ items: ShareView[] }>('GET', '/received-shares?state=pending')
  return { id, pending: items[0] as ShareView }
}

const accept = ({ id }: ShareView) => jan.api<ShareView>('POST', `/received-shares/${id}/accept`, {})

/** What the recipient's server has to show at the door: the secret, or a token for it. */
async function proofOf(receivedId: string, exchangeTokens: 'never' | 'offer'): Promise<string> {
  const secret = await receivedSecret(krakow, receivedId)
  if (exchangeTokens === 'never') return secret
  const shownAt = `http://${leiden.host}/`
  return (await krakow.node.ocm.client.exchangeToken(leiden.host, secret, { shownAt })).accessToken
}

/** The status of the share at the source for whoever shows this. */
async function statusAt(shareId: string, proof: string): Promise<number> {
  const headers = { authorization: `Bearer ${proof}` }
  return (await fetch(`${leiden.origin}/dav/ocm/${shareId}`, { method: 'PROPFIND', headers })).status
}

describe('a share with a note and an end', () => {
  beforeAll(() => open('offer'))
  afterAll(() => mesh.close())

  it('shows them to its recipient, and what its owner changes of role, note and end', async () => {
    await ann.dav('MKCOL', '/told')
    const terms = { role: 'viewer', note: 'Raw frames, run 42', expiresAt: inSeconds(3_600) }
    const { id, pending } = await give('/told', terms)
    expect(await given(id)).toMatchObject(terms)
    expect(pending).toMatchObject({ name: 'told', state: 'pending', ...terms })
    const { mountPath } = await accept(pending)
    expect((await jan.dav('PUT', `${mountPath}/b.txt`, { body: 'no' })).status).toBe(403)
    const changed = { role: 'editor', note: 'Run 43, too', expiresAt: inSeconds(7_200) }
    expect(await ann.api('PATCH', `/shares/${id}`, changed)).toMatchObject(changed)
    const after = await until(
      () => taken(pending.id),
      ({ note }) => note === changed.note,
    )
    expect(after).toMatchObject({ state: 'accepted', ...changed })
    await jan.put(`${mountPath}/b.txt`, 'mine')
    await ann.api('PATCH', `/shares/${id}`, { role: 'viewer', note: '', expiresAt: null })
    const last = await until(
      () => taken(pending.id),
      ({ role }) => role === 'viewer',
    )
    expect([last.note, last.expiresAt]).toEqual([undefined, undefined])
    expect((await jan.dav('PUT', `${mountPath}/b.txt`, { body: 'no' })).status).toBe(403)
    expect(await (await ann.dav('GET', '/told/b.txt')).text()).toBe('mine')
  })

  it('is open to the end that was set last, and closed from then on, at both nodes', async () => {
    await ann.put('/ending.txt', 'alpha')
    const { id, pending } = await give('/ending.txt', { expiresAt: inSeconds(60) })
    const { mountPath = '' } = await accept(pending)
    const later = inSeconds(120)
    await ann.api('PATCH', `/shares/${id}`, { expiresAt: later })
    await until(
      () => taken(pending.id),
      ({ expiresAt }) => expiresAt === later,
    )
    // Good for five minutes: what closes the share below is its end, not that of the token.
    const proof = await proofOf(pending.id, 'offer')
    clock.advance(119_000)
    expect(await (await jan.dav('GET', mountPath)).text()).toBe('alpha')
    expect(await statusAt(id, proof)).toBe(207)
    clock.advance(1_000)
    expect((await jan.dav('GET', mountPath)).status).toBe(404)
    expect(await jan.names('/')).not.toContain('ending.txt')
    expect(await statusAt(id, proof)).toBe(401)
    await expect(proofOf(pending.id, 'offer')).rejects.toThrow('does not exchange the secret')
    expect([(await given(id)).state, (await taken(pending.id)).state]).toEqual(['revoked', 'revoked'])
    const { items } = await jan.api<{ items: ShareView[] }>('GET', '/received-shares?state=revoked')
    expect(items.map((share) => share.id)).toContain(pending.id)
  })
})

describe.each(['never', 'offer'] as const)('what a recipient gives back, tokens: %s', (exchangeTokens) => {
  beforeAll(() => open(exchangeTokens))
  afterAll(() => mesh.close())

  it('is declined in the list of its owner, and closed to the secret and the token of before', async () => {
    await ann.put('/unwanted.txt', 'x')
    const { id, pending } = await give('/unwanted.txt')
    const proof = await proofOf(pending.id, exchangeTokens)
    expect(await statusAt(id, proof)).toBe(207)
    await jan.api('POST', `/received-shares/${pending.id}/decline`)
    await until(
      () => given(id),
      ({ state }) => state === 'declined',
    )
    expect(await statusAt(id, proof)).toBe(401)
    expect((await jan.call('POST', `/received-shares/${pending.id}/accept`, {})).status).toBe(409)
  })

  it('is shown as that after it was accepted and left, too', async () => {
    await ann.put('/left.txt', 'x')
    const { id, pending } = await give('/left.txt')
    const { mountPath = '' } = await accept(pending)
    expect(await (await jan.dav('GET', mountPath)).text()).toBe('x')
    const proof = await proofOf(pending.id, exchangeTokens)
    expect(await statusAt(id, proof)).toBe(207)
    await jan.api('DELETE', `/received-shares/${pending.id}`)
    expect((await jan.dav('GET', mountPath)).status).toBe(404)
    const { items } = await until(
      () => ann.api<{ items: ShareView[] }>('GET', '/shares?path=/left.txt'),
      ({ items }) => items[0]?.state === 'declined',
    )
    expect(items).toHaveLength(1)
    expect(await statusAt(id, proof)).toBe(401)
  })
})
