import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findNextState,
  isLive,
  nextState,
  type ShareEvent,
  type ShareState,
  stateAt,
} from '../../src/shares/share-states.ts'

const STATES: ShareState[] = ['pending', 'accepted', 'declined', 'revoked']
const EVENTS: ShareEvent[] = ['accept', 'decline', 'leave', 'revoke']

describe('the states of a share', () => {
  it.each<[ShareState, ShareEvent, ShareState | undefined]>([
    ['pending', 'accept', 'accepted'],
    ['pending', 'decline', 'declined'],
    ['pending', 'leave', 'declined'],
    ['pending', 'revoke', 'revoked'],
    ['accepted', 'accept', 'accepted'],
    ['accepted', 'decline', 'declined'],
    ['accepted', 'leave', 'declined'],
    ['accepted', 'revoke', 'revoked'],
    ['declined', 'accept', undefined],
    ['declined', 'decline', 'declined'],
    ['declined', 'leave', 'declined'],
    ['declined', 'revoke', 'revoked'],
    ['revoked', 'accept', undefined],
    ['revoked', 'decline', undefined],
    ['revoked', 'leave', 'revoked'],
    ['revoked', 'revoke', 'revoked'],
  ])('%s + %s = %s', (state, event, expected) => {
    expect(findNextState(state, event)).toBe(expected)
    if (expected === undefined) {
      expect(() => nextState(state, event)).toThrowError(expect.objectContaining({ status: 409 }))
    }
  })

  it('never come back to life once declined or revoked', () => {
    const events = fc.array(fc.constantFrom(...EVENTS))
    const check = fc.property(fc.constantFrom<ShareState>('declined', 'revoked'), events, (start, list) => {
      const end = list.reduce((state, event) => findNextState(state, event) ?? state, start)
      return end === 'declined' || end === 'revoked'
    })
    expect(fc.check(check).failed).toBe(false)
  })

  it('count as revoked from the end of the share on', () => {
    for (const state of STATES) {
      expect(stateAt({ state, expiresAtMs: 100 }, 99)).toBe(state)
      expect(stateAt({ state, expiresAtMs: 100 }, 100)).toBe(state === 'declined' ? 'declined' : 'revoked')
      expect(isLive({ state, expiresAtMs: 100 }, 100)).toBe(false)
      expect(isLive({ state, expiresAtMs: undefined }, 100)).toBe(state === 'pending' || state === 'accepted')
    }
  })
})
