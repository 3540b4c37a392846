import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SignInThrottle } from '../../src/accounts/sign-in-throttle.ts'
import { TestBrowser } from '../support/test-browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser } from '../support/test-user.ts'

describe('whoever guesses passwords', () => {
  let nowMs = 0
  const clock = { nowMs: () => nowMs, wait: async () => undefined }
  const wrong = (throttle: SignInThrottle, account: string, address: string, times: number) => {
    for (let n = 0; n < times; n++) throttle.take(account, address)
  }
  const tooMany = expect.objectContaining({ status: 429, code: 'TOO_MANY_ATTEMPTS' })
  const refusal = (throttle: SignInThrottle, account: string, address: string) => {
    try {
      throttle.take(account, address)
      return undefined
    } catch (error) {
      return error
    }
  }

  it('is held up at the eleventh, and the owner elsewhere is not', () => {
    const throttle = new SignInThrottle(clock)
    wrong(throttle, 'ann', '203.0.113.7', 10)
    expect(refusal(throttle, 'ann', '203.0.113.7')).toEqual(tooMany)
    expect(refusal(throttle, 'ann', '192.0.2.1')).toBeUndefined()
    expect(refusal(throttle, 'bob', '203.0.113.7')).toBeUndefined()
  })

  it('gets one more after a while, which the answer names', () => {
    const throttle = new SignInThrottle(clock)
    wrong(throttle, 'ann', '203.0.113.7', 10)
    const { retryAfterSeconds } = refusal(throttle, 'ann', '203.0.113.7') as { retryAfterSeconds: number }
    expect(retryAfterSeconds).toBe(90)
    nowMs += retryAfterSeconds * 1000
    expect(refusal(throttle, 'ann', '203.0.113.7')).toBeUndefined()
    expect(refusal(throttle, 'ann', '203.0.113.7')).toEqual(tooMany)
  })

  it('gains nothing by other addresses of one network, nor by other names', () => {
    const throttle = new SignInThrottle(clock)
    for (let n = 0; n < 10; n++) throttle.take('ann', `2001:db8::${n + 1}`)
    expect(refusal(throttle, 'ann', '2001:db8::ffff')).toEqual(tooMany)
    for (let n = 0; n < 40; n++) throttle.take(`no user${n}`, '2001:db8::1')
    expect(refusal(throttle, 'somebody', '2001:db8::1')).toEqual(tooMany)
  })

  it('with many addresses does not lock the owner out from where they sign in', () => {
    const throttle = new SignInThrottle(clock)
    throttle.take('ann', '192.0.2.1')()
    for (let n = 0; n < 100; n++) throttle.take('ann', `203.0.113.${n}`)
    expect(refusal(throttle, 'ann', '198.51.100.1')).toEqual(tooMany)
    expect(refusal(throttle, 'ann', '192.0.2.1')).toBeUndefined()
    throttle.remember('ann', '198.51.100.1')
    expect(refusal(throttle, 'ann', '198.51.100.1')).toBeUndefined()
  })

  it('is forgotten once the right password came', () => {
    const throttle = new SignInThrottle(clock)
    wrong(throttle, 'ann', '192.0.2.1', 9)
    throttle.take('ann', '192.0.2.1')()
    expect(() => wrong(throttle, 'ann', '192.0.2.1', 10)).not.toThrow()
  })
})

describe('wrong passwords at a node', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'], { server: { trustedProxies: ['127.0.0.0/8'] } })
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    await leiden.addUser('bob')
    await leiden.addUser('carl')
  })

  afterAll(() => mesh.close())

  const from = (address: string) => ({ 'x-forwarded-for': address })
  const basicFrom = async (address: string, name: string, password: string, path = '/api/v1/me') => {
    const headers = { ...from(address), authorization: basic(name, password) }
    return fetch(`${leiden.origin}${path}`, { headers })
  }

  it('are counted on every face together, and hold up nobody else', async () => {
    const { password } = await ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'laptop' })
    const browser = new TestBrowser(leiden.origin)
    const evil = '203.0.113.7'
    const faces = [
      (guess: string) => basicFrom(evil, 'ann', guess),
      (guess: string) => basicFrom(evil, 'ann', guess, '/dav/files/ann/'),
      (guess: string) => basicFrom(evil, 'ann', guess, '/ocs/v2.php/cloud/user'),
      (guess: string) =>
        browser.ask('POST', '/api/v1/session', {
          headers: { ...from(evil), 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'ann', password: guess }),
        }),
      (guess: string) =>
        browser.ask('POST', '/accept-invite', {
          headers: { ...from(evil), 'content-type': 'application/x-www-form-urlencoded' },
          body: `token=x&providerDomain=other.test&name=ann&password=${guess}`,
        }),
    ]
    const statuses: number[] = []
    for (let n = 0; n < 10; n++) {
      statuses.push(
        (await (faces[n % faces.length] as (guess: string) => Promise<Response>)(`guess-${n}`)).status,
      )
    }
    expect(statuses).toEqual(Array(10).fill(401))
    for (const face of faces) {
      const answer = await face('another-guess')
      expect(answer.status).toBe(429)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    const refused = await basicFrom(evil, 'ann', 'one-more')
    expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' })
    // The right one too, from there; not from elsewhere, nor what is no guess.
    expect((await basicFrom('198.51.100.9', 'ann', 'ann-password')).status).toBe(200)
    expect((await basicFrom(evil, 'ann', password)).status).toBe(200)
    expect((await basicFrom(evil, 'bob', 'bob-password')).status).toBe(200)
  })

  it('that a program sends over and over are one guess', async () => {
    const address = '198.51.100.20'
    for (let n = 0; n < 30; n++) expect((await basicFrom(address, 'carl', 'old-password')).status).toBe(401)
    expect((await basicFrom(address, 'carl', 'carl-password')).status).toBe(200)
  })

  it('are held up alike whether there is such a user or not', async () => {
    for (let n = 0; n < 10; n++) await basicFrom('198.51.100.30', 'nobody', `guess-${n}`)
    expect((await basicFrom('198.51.100.30', 'nobody', 'more')).status).toBe(429)
  })
})
