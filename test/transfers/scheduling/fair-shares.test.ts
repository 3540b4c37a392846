import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divideSlots, type SlotDemand } from '../../../src/transfers/scheduling/divide-slots.ts'
import {
  countLimit,
  entitledSlots,
  type ShareDemand,
  type SlotBudget,
  type Take,
  takeFairQueues,
} from '../../../src/transfers/scheduling/fair-shares.ts'
import { freeSlots, type LaneCounts } from '../../../src/transfers/slots.ts'
import { lanes } from '../../../src/transfers/types.ts'

const NONE = { small: 0, large: 0 }
const weights = fc.integer({ min: 1, max: 100 })
const named = <T>(items: T[]) => items.map((item, index) => ({ ...item, name: `s${index}` }))

const demands = fc
  .array(fc.record({ weight: weights, demandSlots: fc.nat(30) }), { maxLength: 12 })
  .map((items): SlotDemand[] => named(items))
const counts = (max: number): fc.Arbitrary<LaneCounts> =>
  fc.record({ small: fc.oneof(fc.constant(0), fc.nat(max)), large: fc.oneof(fc.constant(0), fc.nat(max)) })
const budgets = fc.record({ slots: fc.integer({ min: 1, max: 24 }), emergencySlots: fc.nat(3) })
const queues = fc
  .array(
    fc.record({
      weight: weights,
      queued: counts(200),
      running: counts(4),
      waitedMs: fc.nat(1_000_000),
    }),
    { maxLength: 10 },
  )
  .map((items): ShareDemand[] => named(items))
const idleQueues = queues.map((shares) => shares.map((share) => ({ ...share, running: NONE })))

const units = ({ small, large }: LaneCounts) => small + 8 * large
const plus = (a: LaneCounts, b: LaneCounts) => ({ small: a.small + b.small, large: a.large + b.large })
const sumOf = (all: LaneCounts[]) => all.reduce(plus, NONE)
const takenBy = (takes: Take[], name: string): LaneCounts => {
  const count = (lane: number) => takes.find((one) => one.share === name && one.lane === lane)?.count ?? 0
  return { small: count(lanes.small), large: count(lanes.large) }
}
const heldAfter = (shares: ShareDemand[], takes: Take[]) =>
  new Map(shares.map((share) => [share.name, plus(share.running, takenBy(takes, share.name))]))
/** Each share with one queue that nothing limits. */
const takeFair = (budget: SlotBudget, shares: readonly ShareDemand[]): Take[] => {
  const queues = shares.map((share) => ({
    ...share,
    queues: [{ name: '', queued: share.queued, limits: [] }],
  }))
  return takeFairQueues(budget, queues, new Map()).map(({ share, lane, count }) => ({ share, lane, count }))
}
const wants = ({ queued }: ShareDemand) => units(queued) > 0

describe('dividing slots', () => {
  it('gives no more than there is or is asked for, one to each who asks, and leaves none idle', () => {
    const property = fc.property(fc.integer({ min: 1, max: 60 }), demands, (slots, shares) => {
      const asking = shares.filter((share) => share.demandSlots > 0)
      const divided = divideSlots(slots, shares)
      expect([...divided.keys()].sort()).toEqual(asking.map((share) => share.name).sort())
      for (const share of asking) {
        expect(divided.get(share.name)).toBeGreaterThanOrEqual(1)
        expect(divided.get(share.name)).toBeLessThanOrEqual(share.demandSlots)
      }
      const total = [...divided.values()].reduce((all, count) => all + count, 0)
      const demand = asking.reduce((all, share) => all + share.demandSlots, 0)
      expect(total).toBe(Math.max(asking.length, Math.min(slots, demand)))
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('is proportional within one slot when everybody wants all, save the one that each has for certain', () => {
    const all = fc.array(weights, { minLength: 1, maxLength: 10 })
    const property = fc.property(fc.integer({ min: 10, max: 300 }), all, (slots, list) => {
      const shares = named(list.map((weight) => ({ weight, demandSlots: 1000 })))
      const total = list.reduce((sum, weight) => sum + weight, 0)
      const exact = (weight: number) => (weight * slots) / total
      fc.pre(list.every((weight) => exact(weight) >= 1))
      const divided = divideSlots(slots, shares)
      for (const { name, weight } of shares) {
        expect(Math.abs((divided.get(name) ?? 0) - exact(weight))).toBeLessThan(1)
      }
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('never gives less for more weight, or for more demand', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 60 }),
      demands.filter((shares) => shares.length > 0),
      fc.nat(99),
      fc.nat(10),
      (slots, shares, heavier, hungrier) => {
        const [first, ...others] = shares as [SlotDemand, ...SlotDemand[]]
        const before = divideSlots(slots, shares).get(first.name) ?? 0
        const weight = divideSlots(slots, [{ ...first, weight: first.weight + heavier }, ...others])
        expect(weight.get(first.name) ?? 0).toBeGreaterThanOrEqual(before)
        const more = divideSlots(slots, [{ ...first, demandSlots: first.demandSlots + hungrier }, ...others])
        expect(more.get(first.name) ?? 0).toBeGreaterThanOrEqual(before)
      },
    )
    fc.assert(property, { numRuns: 2000 })
  })

  it('hands on what a modest share leaves, by weight', () => {
    const shares = [
      { name: 'modest', weight: 50, demandSlots: 2 },
      { name: 'big', weight: 30, demandSlots: 100 },
      { name: 'small', weight: 10, demandSlots: 100 },
    ]
    expect(Object.fromEntries(divideSlots(10, shares))).toEqual({ modest: 2, big: 6, small: 2 })
  })
})

describe('what is taken now', () => {
  it('never exceeds slots and emergency slots, nor what is queued', () => {
    const property = fc.property(budgets, queues, (budget, shares) => {
      const takes = takeFair(budget, shares)
      const before = units(sumOf(shares.map((share) => share.running)))
      const after = before + units(sumOf(shares.map((share) => takenBy(takes, share.name))))
      expect(after).toBeLessThanOrEqual(Math.max(before, 8 * (budget.slots + budget.emergencySlots)))
      for (const share of shares) {
        const taken = takenBy(takes, share.name)
        expect(taken.small).toBeLessThanOrEqual(share.queued.small)
        expect(taken.large).toBeLessThanOrEqual(share.queued.large)
      }
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('leaves no slot free that a waiting file could use', () => {
    const property = fc.property(budgets, queues, (budget, shares) => {
      const takes = takeFair(budget, shares)
      const free = freeSlots(budget.slots, sumOf([...heldAfter(shares, takes).values()]))
      const left = sumOf(
        shares.map((share) => {
          const taken = takenBy(takes, share.name)
          return { small: share.queued.small - taken.small, large: share.queued.large - taken.large }
        }),
      )
      expect(Math.min(free.small, left.small)).toBe(0)
      expect(Math.min(free.large, left.large)).toBe(0)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('starts something of each share when there are slots for all', () => {
    const property = fc.property(budgets, idleQueues, (budget, shares) => {
      const asking = shares.filter(wants)
      // One slot is for small files alone.
      fc.pre(asking.length <= budget.slots - 1)
      const takes = takeFair(budget, shares)
      for (const share of asking) expect(units(takenBy(takes, share.name))).toBeGreaterThan(0)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('gives each share its part when all wait with more than enough', () => {
    const lots = fc.record({ weight: weights, queued: fc.constant({ small: 500, large: 500 }) })
    const crowd = fc.array(lots, { minLength: 1, maxLength: 5 })
    const property = fc.property(crowd, fc.integer({ min: 6, max: 30 }), (list, slots) => {
      const shares = named(list).map((share) => ({ ...share, running: NONE }))
      const takes = takeFair({ slots, emergencySlots: 1 }, shares)
      const entitled = entitledSlots(slots, shares)
      for (const { name } of shares) {
        expect(units(takenBy(takes, name))).toBe(8 * (entitled.get(name) ?? 0))
      }
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('does not depend on the order of the shares, nor on counting more than can start', () => {
    const property = fc.property(budgets, queues, (budget, shares) => {
      const sorted = (takes: Take[]) => takes.map((take) => JSON.stringify(take)).sort()
      const expected = sorted(takeFair(budget, shares))
      expect(sorted(takeFair(budget, [...shares].reverse()))).toEqual(expected)
      const most = countLimit(budget)
      const capped = shares.map((share) => ({
        ...share,
        queued: { small: Math.min(most, share.queued.small), large: Math.min(most, share.queued.large) },
      }))
      expect(sorted(takeFair(budget, capped))).toEqual(expected)
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('takes no less in all when there are more slots', () => {
    const property = fc.property(budgets, idleQueues, (budget, shares) => {
      const total = (slots: number) =>
        units(sumOf(shares.map(({ name }) => takenBy(takeFair({ slots, emergencySlots: 0 }, shares), name))))
      expect(total(budget.slots + 1)).toBeGreaterThanOrEqual(total(budget.slots))
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('takes nothing more of a share above its part while others wait', () => {
    const greedy = {
      name: 'greedy',
      weight: 50,
      queued: { small: 0, large: 99 },
      running: { small: 0, large: 4 },
    }
    const late = { name: 'late', weight: 50, queued: { small: 0, large: 99 }, running: NONE }
    expect(takeFair({ slots: 6, emergencySlots: 0 }, [greedy, late])).toEqual([
      { share: 'late', lane: lanes.large, count: 1 },
    ])
  })

  it('lets small files of one share use what the large files of another leave', () => {
    const shares = [
      { name: 'bulk', weight: 90, queued: { small: 0, large: 99 }, running: NONE },
      { name: 'crumbs', weight: 10, queued: { small: 99, large: 0 }, running: NONE },
    ]
    expect(takeFair({ slots: 4, emergencySlots: 0 }, shares)).toEqual([
      { share: 'bulk', lane: lanes.large, count: 3 },
      { share: 'crumbs', lane: lanes.small, count: 8 },
    ])
  })
})

describe('emergency slots', () => {
  const full: ShareDemand = {
    name: 'full',
    weight: 90,
    queued: { small: 50, large: 50 },
    running: { small: 8, large: 3 },
  }
  const budget: SlotBudget = { slots: 4, emergencySlots: 1 }
  const starved = (queued: LaneCounts, waitedMs = 0, name = 'starved'): ShareDemand => ({
    name,
    weight: 10,
    queued,
    running: NONE,
    waitedMs,
  })

  it('go to a share that has nothing running when all slots are used, and to no other', () => {
    const takes = takeFair(budget, [full, starved({ small: 0, large: 9 })])
    expect(takes).toEqual([{ share: 'starved', lane: lanes.large, count: 1 }])
    expect(takeFair(budget, [full])).toEqual([])
  })

  it('hold a slot of small files where there are any', () => {
    const takes = takeFair(budget, [full, starved({ small: 20, large: 9 })])
    expect(takes).toEqual([{ share: 'starved', lane: lanes.small, count: 8 }])
  })

  it('go to who has waited longest, and only once', () => {
    const shares = [full, starved({ small: 0, large: 1 }, 5), starved({ small: 0, large: 1 }, 9, 'zulu')]
    expect(takeFair(budget, shares)).toEqual([{ share: 'zulu', lane: lanes.large, count: 1 }])
    const inUse = shares.map((share) =>
      share.name === 'zulu' ? { ...share, running: { small: 0, large: 1 } } : share,
    )
    expect(takeFair(budget, inUse)).toEqual([])
  })
})

describe('fewer slots than shares', () => {
  it('starts files by weight in the long run and forgets nobody', () => {
    const weightsOf = { a: 60, b: 30, c: 10, d: 10, e: 10 }
    const started = new Map(Object.keys(weightsOf).map((name) => [name, 0]))
    const lastMs = new Map(Object.keys(weightsOf).map((name) => [name, 0]))
    for (let nowMs = 1; nowMs <= 1200; nowMs++) {
      // Each file takes one tick, so every tick divides two empty slots anew.
      const shares = Object.entries(weightsOf).map(([name, weight]) => ({
        name,
        weight,
        queued: { small: 0, large: 99 },
        running: NONE,
        waitedMs: nowMs - (lastMs.get(name) ?? 0),
      }))
      for (const { share } of takeFair({ slots: 2, emergencySlots: 0, smallReserve: 0 }, shares)) {
        started.set(share, (started.get(share) ?? 0) + 1)
        lastMs.set(share, nowMs)
      }
    }
    const count = (name: string) => started.get(name) ?? 0
    expect(count('a')).toBeGreaterThan(1.5 * count('b'))
    expect(count('b')).toBeGreaterThan(2 * count('c'))
    expect(Math.min(count('c'), count('d'), count('e'))).toBeGreaterThan(150)
  })
})

describe('queues with limits of their own', () => {
  const queue = (name: string, large: number, limits: string[]) => ({
    name,
    queued: { small: 0, large },
    limits,
  })
  const share = (name: string, queues: ReturnType<typeof queue>[], weight = 50) => ({
    name,
    weight,
    running: NONE,
    queues,
  })
  const budget = { slots: 9, emergencySlots: 1 }

  it('start no more files than each of their limits lets', () => {
    const shares = [share('a', [queue('ab', 9, ['link ab', 'host b']), queue('ac', 9, ['link ac'])])]
    const limits = new Map([
      ['link ab', 5],
      ['host b', 2],
      ['link ac', 3],
    ])
    expect(takeFairQueues(budget, shares, limits)).toEqual([
      { share: 'a', queue: 'ab', lane: lanes.large, count: 2 },
      { share: 'a', queue: 'ac', lane: lanes.large, count: 3 },
    ])
  })

  it('leave their slots to other shares while a limit holds them', () => {
    const shares = [share('a', [queue('ab', 9, ['host b'])]), share('c', [queue('cd', 9, [])])]
    const takes = takeFairQueues(budget, shares, new Map([['host b', 0]]))
    expect(takes).toEqual([{ share: 'c', queue: 'cd', lane: lanes.large, count: 8 }])
  })

  it('of one share take turns', () => {
    const shares = [share('a', [queue('x', 9, []), queue('y', 9, []), queue('z', 1, [])])]
    const counts = takeFairQueues(budget, shares, new Map()).map((one) => [one.queue, one.count])
    expect(counts).toEqual([
      ['x', 4],
      ['y', 3],
      ['z', 1],
    ])
  })

  it('never exceed a limit, and leave no slot idle that a file within its limits could use', () => {
    const names = ['l0', 'l1', 'l2', 'l3']
    const anyQueue = fc.record({ queued: counts(30), limits: fc.subarray(names) })
    const anyShares = fc
      .array(
        fc.record({ weight: weights, running: counts(2), queues: fc.array(anyQueue, { maxLength: 4 }) }),
        {
          maxLength: 6,
        },
      )
      .map((list) => named(list).map((one) => ({ ...one, queues: named(one.queues) })))
    const rooms = fc.array(fc.nat(20), { minLength: 3, maxLength: 3 })
    const property = fc.property(budgets, anyShares, rooms, (some, shares, free) => {
      const limits = new Map(free.map((room, index) => [`l${index}`, room]))
      const takes = takeFairQueues(some, shares, limits)
      const left = new Map(limits)
      const held = { ...sumOf(shares.map((one) => one.running)) }
      const waiting = shares.flatMap((one) =>
        one.queues.map((each) => {
          const taken = takenBy(
            takes.filter((take) => take.queue === each.name),
            one.name,
          )
          held.small += taken.small
          held.large += taken.large
          for (const name of each.limits) {
            if (left.has(name)) left.set(name, (left.get(name) ?? 0) - taken.small - taken.large)
          }
          const rest = { small: each.queued.small - taken.small, large: each.queued.large - taken.large }
          return { limits: each.limits, rest }
        }),
      )
      expect([...left.values()].filter((room) => room < 0)).toEqual([])
      const slots = freeSlots(some.slots, held)
      for (const { limits: needs, rest } of waiting) {
        if (needs.some((name) => left.get(name) === 0)) continue
        expect(Math.min(slots.small, rest.small)).toBe(0)
        expect(Math.min(slots.large, rest.large)).toBe(0)
      }
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
