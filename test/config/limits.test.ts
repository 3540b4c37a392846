import { describe, expect, it } from 'vitest'
import { configSchema } from '../../src/config/schema.ts'

const publicUrl = 'https://a.example'

describe('a configuration that would only fail later', () => {
  it.each([
    ['a mask longer than an address', { network: { allow: ['10.0.0.0/33'] } }],
    ['an address that is none', { server: { trustedProxies: ['999.1.1.1/8'] } }],
    ['an address that is none', { server: { trustedProxies: ['::g/8'] } }],
    ['a time longer than a timer can wait', { server: { stopGraceSeconds: 3_000_000 } }],
    ['a time longer than a timer can wait', { network: { idleTimeoutSeconds: 3_000_000 } }],
    ['a name that stands for no address', { network: { hosts: { 'a.test': 'b.test' } } }],
    [
      'an app that is a script',
      { apps: [{ name: 'x', kind: 'link', url: 'javascript:alert(1)', mimeTypes: ['a/b'] }] },
    ],
    ['a public URL with a password in it', { publicUrl: 'https://user:secret@a.example' }],
  ])('is refused: %s', (_, change) => {
    expect(configSchema.safeParse({ publicUrl, ...change }).success).toBe(false)
  })

  it('is taken where it is right', () => {
    const right = { network: { allow: ['10.0.0.0/8', 'fd00::/8'], hosts: { 'a.test': '::1' } } }
    expect(configSchema.safeParse({ publicUrl, ...right }).success).toBe(true)
  })
})
