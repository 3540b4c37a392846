import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receivedSecret } from '../support/received-secret.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { shareAndAccept, type TestUser } from '../support/test-user.ts'
import { FakeClock } from '../transfers/support/fake-clock.ts'

describe('a token for a share, good for a minute', () => {
  const clock = new FakeClock()
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let bari: TestNode
  let jan: TestUser
  let shareId: string
  let receivedId: string

  beforeAll(async () => {
    const settings = { ocm: { tokenSeconds: 60 } }
    mesh = await TestMesh.create(['leiden', 'krakow', 'bari'], settings, undefined, { clock })
    ;[leiden, krakow, bari] = mesh.nodes as [TestNode, TestNode, TestNode]
    const ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await ann.put('/a.txt', 'alpha')
    ;({ shareId, receivedId } = await shareAndAccept(ann, jan, '/a.txt'))
  })
  afterAll(() => mesh.close())

  const read = async () => (await jan.dav('GET', '/a.txt')).text()

  /** What the recipient's node shows when somebody reads now. */
  async function shown(): Promise<string> {
    const user = await krakow.node.accounts.findUserByName('jan')
    const access = await krakow.node.shares.remoteAccess(user?.id ?? '', { shareId: receivedId })
    return (await access?.headers())?.Authorization ?? 'nothing'
  }

  async function statusFor(authorization: string): Promise<number> {
    return (await fetch(`${leiden.origin}/dav/ocm/${shareId}`, { headers: { authorization } })).status
  }

  /** The statuses that the source has answered requests to its shares with. */
  async function answered(): Promise<string[]> {
    const metrics = await (await fetch(`${leiden.opsOrigin}/metrics`)).text()
    const counts = metrics.matchAll(/duration_seconds_count\{[^}]*route="dav",status="(\d+)"/g)
    return [...new Set([...counts].map((match) => match[1] ?? ''))].sort()
  }

  const exchange = async (node: TestNode) => {
    const secret = await receivedSecret(krakow, receivedId)
    const shownAt = `http://${leiden.host}/dav/ocm/${shareId}`
    return node.node.ocm.client.exchangeToken(leiden.host, secret, { shownAt })
  }

  it('is renewed before its end, so that nobody is refused in between', async () => {
    const tokens = new Set<string>()
    for (let seconds = 0; seconds < 180; seconds += 10) {
      expect(await read()).toBe('alpha')
      tokens.add(await shown())
      clock.advance(10_000)
    }
    // One every half of its time.
    expect(tokens.size).toBe(6)
    const statuses = await answered()
    expect(statuses).toContain('200')
    expect(statuses).not.toContain('401')
  })

  it('opens the share to its end, and nothing after it', async () => {
    const { accessToken, expiresInSeconds } = await exchange(krakow)
    expect(expiresInSeconds).toBe(60)
    clock.advance(59_000)
    expect(await statusFor(`Bearer ${accessToken}`)).toBe(200)
    clock.advance(1_000)
    expect(await statusFor(`Bearer ${accessToken}`)).toBe(401)
    expect(await read()).toBe('alpha')
  })

  it('is not given to a third node that has the secret', async () => {
    // This error stands for `invalid_grant` alone, whatever else another server may refuse.
    await expect(exchange(bari)).rejects.toMatchObject({ name: 'GrantRefusedError', status: 400 })
    expect((await exchange(krakow)).accessToken).toMatch(/^cwat_/)
  })
})
