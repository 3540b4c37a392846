import { describe, expect, it } from 'vitest'
import { Claims } from '../../src/web/upload/claims.ts'

const name = () => `/dav/tus/ann/${crypto.randomUUID()}`

describe.each([
  ['with locks of the browser', navigator.locks],
  ['without', undefined],
])('claims %s', (_, locks) => {
  it('are of one only, also when two ask at once', async () => {
    const claims = new Claims<{ id: number }>(locks)
    const [first, second, at] = [{ id: 1 }, { id: 2 }, name()]
    expect(await Promise.all([claims.claim(at, first), claims.claim(at, second)])).toEqual([true, false])
    expect(await claims.claim(at, first)).toBe(true)
    expect(await claims.claim(name(), second)).toBe(true)
  })

  it('are given back all together, and can be had again at once', async () => {
    const claims = new Claims<{ id: number }>(locks)
    const [first, second, one, other] = [{ id: 1 }, { id: 2 }, name(), name()]
    await claims.claim(one, first)
    await claims.claim(other, first)
    claims.letGo(second)
    expect(await claims.claim(one, second)).toBe(false)
    claims.letGo(first)
    expect(await claims.claim(one, second)).toBe(true)
    expect(await claims.claim(other, first)).toBe(true)
  })
})

describe('claims of two tabs', () => {
  it('are of one of them until it gives them back', async () => {
    const [here, there, at] = [
      new Claims<object>(navigator.locks),
      new Claims<object>(navigator.locks),
      name(),
    ]
    const [first, second] = [{}, {}]
    expect(await here.claim(at, first)).toBe(true)
    expect(await there.claim(at, second)).toBe(false)
    here.letGo(first)
    await expect.poll(() => there.claim(at, second)).toBe(true)
    expect(await here.claim(at, first)).toBe(false)
  })

  it('hold here where the browser refuses locks', async () => {
    const claims = new Claims<object>({ request: () => Promise.reject(new Error('not here')) })
    const at = name()
    expect(await claims.claim(at, {})).toBe(true)
    expect(await claims.claim(at, {})).toBe(false)
  })
})
