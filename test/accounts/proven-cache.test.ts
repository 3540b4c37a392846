import { describe, expect, it } from 'vitest'
import { hashPassword, verifyPassword } from '../../src/accounts/password.ts'
import { ProvenCache } from '../../src/accounts/proven-cache.ts'

describe('the memory of proven passwords', () => {
  it('knows a password only together with the hash it was proven against', () => {
    const cache = new ProvenCache()
    cache.add('secret', 'hash-1')
    expect(cache.has('secret', 'hash-1')).toBe(true)
    expect(cache.has('secret', 'hash-2')).toBe(false)
    expect(cache.has('other', 'hash-1')).toBe(false)
  })

  it('forgets the oldest when it is full', () => {
    const cache = new ProvenCache(2)
    for (const password of ['one', 'two', 'three']) cache.add(password, 'hash')
    expect(['one', 'two', 'three'].map((password) => cache.has(password, 'hash'))).toEqual([
      false,
      true,
      true,
    ])
  })
})

describe('a stored password', () => {
  it('is proven by itself only, in any Unicode form', async () => {
    const hash = await hashPassword('Gr\u00f6\u00dfe')
    expect(hash).not.toContain('Gr')
    expect(await verifyPassword('Gro\u0308\u00dfe', hash)).toBe(true)
    expect(await verifyPassword('grosse', hash)).toBe(false)
  })

  it('has its own salt each time', async () => {
    expect(await hashPassword('same')).not.toBe(await hashPassword('same'))
  })

  it.each([
    '',
    'plain',
    'md5$1$2$3$4$5',
    'scrypt$1',
  ])('of an unknown form proves nobody: %j', async (hash) => {
    expect(await verifyPassword('anything', hash)).toBe(false)
  })
})
