import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dayOf, endOfDay } from '../../src/web/screens/sharing/terms.ts'

describe('the last day of a share', () => {
  let zone: string | undefined

  beforeEach(() => {
    zone = process.env.TZ
  })
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })

  it.each([
    ['UTC', '2026-03-01T23:59:59.000Z'],
    ['America/Los_Angeles', '2026-03-02T07:59:59.000Z'],
    ['Asia/Tokyo', '2026-03-01T14:59:59.000Z'],
  ])('is the same day when it is changed as when it was set, in %s', (where, end) => {
    process.env.TZ = where
    expect(endOfDay('2026-03-01')).toBe(end)
    expect(dayOf(end)).toBe('2026-03-01')
  })
})
