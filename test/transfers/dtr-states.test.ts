import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DtrEvent,
  type DtrState,
  dtrEvents,
  dtrStates,
  dtrTable,
  IllegalTransitionError,
  isFinal,
  nextState,
} from '../../src/transfers/dtr-states.ts'

const anyState = fc.constantFrom(...dtrStates)
const anyEvents = fc.array(fc.constantFrom(...dtrEvents), { maxLength: 60 })
const setbacks: DtrEvent[] = ['retry', 'restart', 'lost']

/** Walks on over the events that the state at hand can take. */
function walk(start: DtrState, events: readonly DtrEvent[]): DtrState[] {
  const seen = [start]
  for (const event of events) {
    const state = seen.at(-1) as DtrState
    if (dtrTable[state][event] !== undefined) seen.push(nextState(state, event))
  }
  return seen
}

describe('the states of a file request', () => {
  it('never leave a final state, whatever happens', () => {
    fc.assert(
      fc.property(anyState, anyEvents, (start, events) => {
        const path = walk(start, events)
        const end = path.findIndex(isFinal)
        expect(end === -1 || end === path.length - 1).toBe(true)
      }),
    )
  })

  it('have a way on, a way to fail and a way to be cancelled wherever they are not final', () => {
    for (const state of dtrStates.filter((state) => !isFinal(state))) {
      const ways = dtrEvents.filter((event) => dtrTable[state][event] !== undefined)
      expect(
        ways.filter((event) => !setbacks.includes(event) && event !== 'fail' && event !== 'cancel'),
      ).not.toEqual([])
      expect(nextState(state, 'fail')).toBe('ERROR')
      expect(nextState(state, 'cancel')).toBe('CANCELLED')
    }
  })

  it('come to an end after a bounded number of steps when nothing goes wrong', () => {
    const onward = dtrEvents.filter((event) => !setbacks.includes(event))
    fc.assert(
      fc.property(anyState, fc.infiniteStream(fc.constantFrom(...onward)), (start, stream) => {
        let state = start
        let moves = 0
        for (const event of stream) {
          if (isFinal(state)) break
          if (dtrTable[state][event] === undefined) continue
          state = nextState(state, event)
          moves++
        }
        expect(moves).toBeLessThan(dtrStates.length)
      }),
    )
  })

  it('fall back after a crash to a state whose work can be repeated', () => {
    for (const state of dtrStates.filter((state) => !isFinal(state))) {
      const repeatable = [
        'NEW',
        'STAGING_PREPARING_WAIT',
        'REGISTER_REPLICA',
        'RELEASE_REQUEST',
        'PROCESS_CACHE',
      ]
      expect(repeatable).toContain(nextState(state, 'lost'))
    }
  })

  it('refuse an event that does not belong to them', () => {
    expect(() => nextState('DONE', 'retry')).toThrow(IllegalTransitionError)
    expect(() => nextState('NEW', 'ok')).toThrow('state NEW cannot take the event ok')
  })
})
