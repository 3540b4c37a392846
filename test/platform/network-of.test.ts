import { describe, expect, it } from 'vitest'
import { networkOf } from '../../src/platform/network-of.ts'

describe('what a client address is counted under', () => {
  it('is one for all addresses of a /64, and another for the next one', () => {
    const one = networkOf('2001:db8:1:2::1')
    expect(networkOf('2001:0DB8:1:2:ffff:ffff:ffff:ffff')).toBe(one)
    expect(networkOf('2001:db8:1:3::1')).not.toBe(one)
  })

  it('is the address itself of version 4, however it is written, and what is none', () => {
    expect(networkOf('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(networkOf('203.0.113.7')).toBe('203.0.113.7')
    expect(networkOf('203.0.113.8')).toBe('203.0.113.8')
    expect(networkOf('unknown')).toBe('unknown')
  })
})
