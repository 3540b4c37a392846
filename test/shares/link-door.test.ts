import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { PasswordHasher } from '../../src/accounts/password-hasher.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { createAttempts } from '../../src/shares/links/attempts.ts'
import { openVisitCookie, sealVisitCookie } from '../../src/shares/links/link-cookie.ts'
import type { PublicLink } from '../../src/shares/links/types.ts'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, HandClock, Mesh } from './support.ts'

describe('attempts', () => {
  const limits = { perAddress: 3, perLink: 5, minutes: 1 }

  it('are counted for an address and for a link, given back when right, and come back with time', () => {
    const clock = new HandClock()
    const attempts = createAttempts(limits, clock)
    for (let n = 0; n < 3; n++) attempts.take('192.0.2.1', 'a')
    expect(() => attempts.take('192.0.2.1', 'b')).toThrow(/try again in 20 s/)
    attempts.take('192.0.2.2', 'a')()
    attempts.take('192.0.2.2', 'a')
    attempts.take('192.0.2.3', 'a')
    expect(() => attempts.take('192.0.2.4', 'a')).toThrow(/Too many/)
    attempts.take('192.0.2.4', 'b')
    clock.advance(20_000)
    attempts.take('192.0.2.1', 'c')
    expect(() => attempts.take('192.0.2.1', 'c')).toThrow(/Too many/)
  })

  it('of one network of version 6 are those of one address', () => {
    const attempts = createAttempts(limits, new HandClock())
    for (let n = 1; n <= 3; n++) attempts.take(`2001:db8:1:2::${n}`, undefined)
    expect(() => attempts.take('2001:db8:1:2:ffff::9', undefined)).toThrow(/Too many/)
    attempts.take('2001:db8:1:3::1', undefined)
    for (let n = 0; n < 3; n++) attempts.take('::ffff:192.0.2.9', undefined)
    expect(() => attempts.take('192.0.2.9', undefined)).toThrow(/Too many/)
  })
})

describe('the cookie of a visit', () => {
  it('opens its own link, for a while, and as long as the password is the same', () => {
    const clock = new HandClock()
    const seal = createSeal(randomBytes(32))
    const ctx = { seal, clock }
    const link = { share: { id: 'one' }, passwordHash: 'hash' } as PublicLink
    const cookie = sealVisitCookie(ctx, link)
    expect(openVisitCookie(ctx, link, cookie)).toBe(true)
    expect(openVisitCookie(ctx, { ...link, passwordHash: 'other' }, cookie)).toBe(false)
    expect(openVisitCookie(ctx, { ...link, share: { ...link.share, id: 'two' } }, cookie)).toBe(false)
    for (const forged of [
      undefined,
      '',
      'v1.xxxx',
      seal.seal('link-visit'),
      seal.seal('["link-visit","one"]'),
    ]) {
      expect(openVisitCookie(ctx, link, forged)).toBe(false)
    }
    const stranger = { seal: createSeal(randomBytes(32)), clock }
    expect(openVisitCookie(ctx, link, sealVisitCookie(stranger, link))).toBe(false)
    clock.advance(4 * 3_600_000)
    expect(openVisitCookie(ctx, link, cookie)).toBe(false)
  })
})

describe.each(engines)('public links on %s', (engine) => {
  it('keep no token and no password in the database, count downloads, and end at their time', async () => {
    const node = await createTestNode(new Mesh(), 'leiden', { engine, users: ['ann'] })
    try {
      await (await node.home('ann')).write(['a.txt'], bytes('content'))
      const expiresAt = new Date(node.clock.nowMs() + 60_000).toISOString()
      const made: { id: string; link: { url: string } } = await node.api('ann', 'createShare', {
        body: {
          ...{ path: '/a.txt', role: 'viewer', expiresAt },
          recipient: { type: 'link', password: 'a long password', label: 'mine' },
        },
      })
      const token = made.link.url.split('/').at(-1) ?? ''
      const rows = JSON.stringify([await node.db('shares').select(), await node.db('share_links').select()])
      for (const secret of [token, 'a long password']) expect(rows).not.toContain(secret)
      const [row] = await node.db('share_links').select()
      expect(await new PasswordHasher().verify('a long password', row.password_hash)).toBe(true)
      const { links } = node.shares
      const address = '192.0.2.1'
      await expect(links.open(token, { address })).rejects.toMatchObject({
        status: 401,
        code: 'LINK_PASSWORD',
      })
      const link = await links.open(token, { address, password: 'a long password' })
      const visit = await links.visit(link)
      const store = visit.store([])
      await store.read(visit.pathOf(['a.txt']))
      await store.read([], { start: 3 })
      const seen: { link: unknown } = await node.api('ann', 'getShare', { params: { id: made.id } })
      expect(seen.link).toMatchObject({ downloads: 1, hasPassword: true })
      node.clock.advance(60_000)
      await expect(store.read([])).rejects.toMatchObject({ status: 404 })
      await expect(links.open(token, { address, cookie: links.cookieOf(link) })).rejects.toMatchObject({
        code: 'LINK_CLOSED',
      })
    } finally {
      await node.close()
    }
  })

  it('follow their file when its owner renames it, and are over when it is gone', async () => {
    const node = await createTestNode(new Mesh(), 'leiden', { engine, users: ['ann'] })
    try {
      const home = await node.home('ann')
      await home.write(['a.txt'], bytes('content'))
      const body = { path: '/a.txt', role: 'viewer', recipient: { type: 'link' } }
      const made: { link: { url: string } } = await node.api('ann', 'createShare', { body })
      const token = made.link.url.split('/').at(-1) ?? ''
      const open = async () => node.shares.links.visit(await node.shares.links.open(token, { address: '' }))
      await home.move(['a.txt'], ['b.txt'], { overwrite: false })
      expect((await open()).name).toBe('b.txt')
      await home.remove(['b.txt'])
      await expect(open()).rejects.toMatchObject({ status: 404 })
    } finally {
      await node.close()
    }
  })
})
