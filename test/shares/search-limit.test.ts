import { describe, expect, it } from 'vitest'
import { createSearchLimit } from '../../src/shares/search-limit.ts'

describe('searching for names', () => {
  const start = () => {
    let nowMs = 1_800_000_000_000
    const limit = createSearchLimit({ nowMs: () => nowMs, wait: async () => undefined })
    const advance = (ms: number) => {
      nowMs += ms
    }
    const takeAll = (tries: number) =>
      Array.from({ length: tries }, () => limit.take('ann')).filter((seconds) => seconds === 0).length
    return { limit, takeAll, advance }
  }

  it('goes 100 times a minute, for each user', () => {
    const { limit, takeAll, advance } = start()
    expect(takeAll(150)).toBe(100)
    expect(limit.take('ann')).toBe(1)
    expect(limit.take('bob')).toBe(0)
    advance(30_000)
    expect(takeAll(150)).toBe(50)
  })

  it('goes about a thousand times an hour, whatever the minute allows', () => {
    const { limit, takeAll, advance } = start()
    let taken = 0
    for (let minute = 0; minute < 60; minute++) {
      taken += takeAll(150)
      advance(60_000)
    }
    // A full bucket, and what came back within 59 minutes.
    expect(taken).toBe(1_000 + Math.floor((1_000 * 59) / 60))
    takeAll(150)
    advance(6_000)
    // The minute has ten more, the hour two, and another one every 3.6 seconds.
    expect(Array.from({ length: 5 }, () => limit.take('ann'))).toEqual([0, 0, 2, 2, 2])
    expect(takeAll(3)).toBe(0)
  })
})
