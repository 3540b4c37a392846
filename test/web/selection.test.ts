import { describe, expect, it } from 'vitest'
import { actionOf } from '../../src/web/screens/files/grid-keys.ts'
import {
  afterChange,
  chooseAll,
  chooseNone,
  chooseOnly,
  chooseRange,
  goTo,
  NOTHING,
  type Selection,
  toggle,
} from '../../src/web/screens/files/selection.ts'

const rows = ['/a', '/b', '/c', '/d', undefined].map((path) => (path === undefined ? undefined : { path }))
type Row = { path: string }
const nothing: Selection<Row> = NOTHING
const chosenOf = (selection: Selection<Row>) => [...selection.chosen.keys()]

describe('choosing rows', () => {
  it('goes to a row without choosing it, and stays in the list', () => {
    expect(goTo(nothing, 3, 5)).toMatchObject({ active: 3, anchor: 3 })
    expect(goTo(nothing, 99, 5).active).toBe(4)
    expect(goTo(nothing, -1, 5).active).toBe(0)
    expect(chosenOf(goTo(chooseOnly(rows, 1), 3, 5))).toEqual(['/b'])
  })

  it('adds and takes away single rows', () => {
    const two = toggle(toggle(nothing, rows, 0), rows, 2)
    expect(chosenOf(two)).toEqual(['/a', '/c'])
    expect(chosenOf(toggle(two, rows, 0))).toEqual(['/c'])
    expect(toggle(two, rows, 4)).toBe(two)
  })

  it('reaches from the anchor in both directions, and forgets the range of before', () => {
    const down = chooseRange(goTo(nothing, 1, 5), rows, 3)
    expect(chosenOf(down)).toEqual(['/b', '/c', '/d'])
    expect(chosenOf(chooseRange(down, rows, 0))).toEqual(['/a', '/b'])
  })

  it('leaves out of a range what is not loaded', () => {
    expect(chosenOf(chooseRange(goTo(nothing, 2, 5), rows, 4))).toEqual(['/c', '/d'])
  })

  it('chooses all and none', () => {
    const all = chooseAll(nothing, rows)
    expect(chosenOf(all)).toHaveLength(4)
    expect(chosenOf(chooseNone(all))).toEqual([])
  })

  it('forgets rows that are gone and keeps those that are on pages not loaded any more', () => {
    const all = { ...chooseAll(nothing, rows), active: 4 }
    const after = afterChange(all, new Set(['/a', '/d']), 2)
    expect(chosenOf(after)).toEqual(['/b', '/c'])
    expect(after.active).toBe(1)
  })
})

describe('keys in the list', () => {
  const where = { active: 10, count: 100, pageRows: 20 }
  const key = (
    name: string,
    held: Partial<Record<'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {},
  ) => actionOf({ key: name, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held }, where)

  it.each([
    ['ArrowDown', 11],
    ['ArrowUp', 9],
    ['PageDown', 30],
    ['PageUp', 0],
    ['Home', 0],
    ['End', 99],
  ])('%s goes to row %i', (name, to) => {
    expect(key(name)).toEqual({ kind: 'go', to, isRange: false })
    expect(key(name, { shiftKey: true })).toEqual({ kind: 'go', to, isRange: true })
  })

  it('knows the keys of actions, and leaves those of the browser alone', () => {
    expect(key('a', { ctrlKey: true })).toEqual({ kind: 'all' })
    expect(key('A', { metaKey: true })).toEqual({ kind: 'all' })
    expect(key('F10', { shiftKey: true })).toEqual({ kind: 'menu' })
    expect(key('F2')).toEqual({ kind: 'rename' })
    expect(key('ArrowUp', { altKey: true })).toEqual({ kind: 'up' })
    for (const other of [
      key('c', { ctrlKey: true }),
      key('ArrowLeft', { altKey: true }),
      key('x'),
      key('Tab'),
    ]) {
      expect(other).toBeUndefined()
    }
  })
})
