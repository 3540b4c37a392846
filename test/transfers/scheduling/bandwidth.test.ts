import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  limitAt,
  nextChangeMs,
  parseBandwidth,
  parseRate,
} from '../../../src/transfers/scheduling/bandwidth.ts'

const MIB = 1024 * 1024
const at = (iso: string) => Date.parse(iso)
const change = (text: string, iso: string, zone = 'UTC') => {
  const ms = nextChangeMs(parseBandwidth(text), at(iso), zone)
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

describe('a rate', () => {
  it.each([
    ['10M', 10 * MIB],
    ['10m', 10 * MIB],
    ['512K', 512 * 1024],
    ['1.5G', 1.5 * 1024 * MIB],
    ['100B', 100],
    ['10MiB', 10 * MIB],
    ['10Mi', 10 * MIB],
    ['1T', 1024 ** 4],
    ['off', undefined],
  ])('reads %s', (text, expected) => {
    expect(parseRate(text)).toBe(expected)
  })

  it.each([
    ['512', '"512" has no unit. Write 512K for KiB per second, 512M for MiB, 512B for bytes.'],
    ['fast', '"fast" is no rate. Write it as 10M (MiB per second), 512K or off.'],
    ['-1M', '"-1M" is no rate. Write it as 10M (MiB per second), 512K or off.'],
    ['0K', '"0K" would let nothing through. Pause the transfers, or write off for no limit.'],
    ['99999P', '"99999P" is more than can be counted. Write off for no limit.'],
  ])('refuses %s and says why', (text, message) => {
    expect(() => parseRate(text)).toThrow(message)
  })
})

describe('a limit by time of day', () => {
  it('is one limit always when it is one rate', () => {
    const table = parseBandwidth(' 10M ')
    expect(limitAt(table, at('2026-11-21T03:00:00Z'), 'UTC')).toBe(10 * MIB)
    expect(change('10M', '2026-11-21T03:00:00Z')).toBeUndefined()
    expect(limitAt(parseBandwidth('off'), 0, 'UTC')).toBeUndefined()
  })

  it.each([
    ['2026-11-21T07:59:59Z', undefined],
    ['2026-11-21T08:00:00Z', 10 * MIB],
    ['2026-11-21T17:59:59Z', 10 * MIB],
    ['2026-11-21T18:00:00Z', undefined],
  ])('holds each day, at %s', (iso, expected) => {
    expect(limitAt(parseBandwidth('08:00,10M 18:00,off'), at(iso), 'UTC')).toBe(expected)
  })

  it('goes by the clocks of the time zone', () => {
    const table = parseBandwidth('08:00,10M 18:00,off')
    expect(limitAt(table, at('2026-11-21T07:30:00Z'), 'Europe/Amsterdam')).toBe(10 * MIB)
    expect(limitAt(table, at('2026-11-21T07:30:00Z'), 'America/New_York')).toBeUndefined()
    expect(() => limitAt(table, 0, 'Amsterdam')).toThrow('There is no time zone "Amsterdam"')
  })

  it('knows weekdays, ranges of them, and lets the last one hold over the end of the week', () => {
    // Saturday is 21 November 2026.
    const table = parseBandwidth('Mon-08:00,10M Fri-18:00,off')
    expect(limitAt(table, at('2026-11-21T12:00:00Z'), 'UTC')).toBeUndefined()
    expect(limitAt(table, at('2026-11-22T12:00:00Z'), 'UTC')).toBeUndefined()
    expect(limitAt(table, at('2026-11-25T03:00:00Z'), 'UTC')).toBe(10 * MIB)
    const office = parseBandwidth('Mon-Fri-08:00,10M monday-fri-18:00,off')
    expect(office).toHaveLength(10)
    expect(limitAt(office, at('2026-11-25T03:00:00Z'), 'UTC')).toBeUndefined()
    expect(parseBandwidth('Sat-Mon-00:00,1M').map((entry) => entry.weekMinute)).toEqual([0, 1440, 8640])
  })

  it.each([
    ['', 'The bandwidth limit is empty. Write off for no limit.'],
    ['08:00', '"08:00" is no rate'],
    ['08:00,10M 18:00', '"18:00" is no entry. Write time and rate with a comma, as 08:00,10M.'],
    ['08:00,10M,20M', '"08:00,10M,20M" is no entry'],
    ['25:00,10M', '"25:00" in "25:00,10M" is no time of day. It goes from 00:00 to 23:59.'],
    ['8h,10M', '"8h" in "8h,10M" is no time. Write it as 08:00 or Mon-08:00.'],
    ['Foo-08:00,10M', '"Foo" in "Foo-08:00,10M" is no weekday. They are Sun, Mon, Tue, Wed, Thu, Fri, Sat.'],
    ['08:00,10M Mon-08:00,1M', 'The bandwidth limit has two entries for Mon 08:00. Remove one.'],
    ['08:00,10M:1M', '"10M:1M" is no rate'],
  ])('refuses "%s" and says why', (text, message) => {
    expect(() => parseBandwidth(text)).toThrow(message)
  })

  it('changes at the next entry with another limit', () => {
    expect(change('08:00,10M 12:00,10M 18:00,off', '2026-11-21T09:00:00Z')).toBe('2026-11-21T18:00:00.000Z')
    expect(change('08:00,10M 18:00,off', '2026-11-21T18:00:00Z')).toBe('2026-11-22T08:00:00.000Z')
    expect(change('Mon-08:00,10M Fri-18:00,off', '2026-11-21T12:34:56Z')).toBe('2026-11-23T08:00:00.000Z')
    expect(change('08:00,10M 18:00,10M', '2026-11-21T12:00:00Z')).toBeUndefined()
  })

  it('follows clocks that are put forward and back', () => {
    // In Amsterdam 02:30 does not exist on 29 March 2026, and comes twice on 25 October.
    expect(change('02:30,1M 12:00,off', '2026-03-28T23:30:00Z', 'Europe/Amsterdam')).toBe(
      '2026-03-29T01:00:00.000Z',
    )
    expect(change('02:30,1M 12:00,off', '2026-10-24T23:30:00Z', 'Europe/Amsterdam')).toBe(
      '2026-10-25T00:30:00.000Z',
    )
    expect(change('08:00,1M 20:00,off', '2026-03-28T20:00:00Z', 'Europe/Amsterdam')).toBe(
      '2026-03-29T06:00:00.000Z',
    )
  })

  it('never changes before the time it says, in any zone', () => {
    const minute = fc.nat(24 * 60 - 1)
    const zones = fc.constantFrom('UTC', 'Europe/Amsterdam', 'Asia/Kathmandu', 'Australia/Lord_Howe')
    const property = fc.property(
      fc.uniqueArray(minute, { minLength: 2, maxLength: 5 }),
      zones,
      fc.nat(),
      (minutes, zone, n) => {
        const two = (value: number) => String(value).padStart(2, '0')
        const text = minutes.map((m, i) => `${two(Math.floor(m / 60))}:${two(m % 60)},${i + 1}M`).join(' ')
        const table = parseBandwidth(text)
        const nowMs = at('2026-01-01T00:00:00Z') + (n % (365 * 24 * 60)) * 60_000
        const nextMs = nextChangeMs(table, nowMs, zone) ?? 0
        const present = limitAt(table, nowMs, zone)
        expect(nextMs).toBeGreaterThan(nowMs)
        expect(limitAt(table, nextMs, zone)).not.toBe(present)
        for (let ms = nowMs; ms < nextMs; ms += 13 * 60_000) expect(limitAt(table, ms, zone)).toBe(present)
        expect(limitAt(table, nextMs - 1, zone)).toBe(present)
      },
    )
    fc.assert(property, { numRuns: 25 })
  })
})
