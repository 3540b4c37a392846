import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pageKeyOf, pageOf, pageOfEntries } from '../../src/store/browse/page.ts'
import { toSortName } from '../../src/store/sort-name.ts'
import type { Entry, FileStore, PageQuery } from '../../src/store/types.ts'
import { engines } from '../support/databases.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const BY_NAME: PageQuery = { sort: 'name', order: 'asc', limit: 100 }

describe('the form of a name that is sorted', () => {
  it('knows neither case nor accents nor width', () => {
    expect(toSortName('Ärger')).toBe(toSortName('ARGER'))
    expect(toSortName('ＡＢＣ')).toBe(toSortName('abc'))
    expect(toSortName('Straße')).toBe(toSortName('STRASSE'))
  })

  it('puts numbers in the order of their values, between signs and letters', () => {
    const names = ['run 10', 'run 9', 'run 100', 'run x', 'run (1)', 'run 1', 'Run 2']
    const sorted = names.toSorted((a, b) => (toSortName(a) < toSortName(b) ? -1 : 1))
    expect(sorted).toEqual(['run (1)', 'run 1', 'Run 2', 'run 9', 'run 10', 'run 100', 'run x'])
  })

  it('stays short enough for an index', () => {
    for (const name of ['a1'.repeat(127), 'ﷺ'.repeat(85), '😀'.repeat(63), '9'.repeat(255)]) {
      expect(Buffer.byteLength(toSortName(name))).toBeLessThan(1_300)
      expect(toSortName(name).isWellFormed()).toBe(true)
    }
  })
})

/** Names that break what is carelessly built. */
const HOSTILE = [
  '<script>alert(1)<',
  '\u202Egpj.exe',
  'ü'.repeat(127),
  '   ',
  'new\nline',
  '100%',
  'a_b',
  '[x]*?',
  "o'hara",
  '😀 party',
  '\\back!slash',
  'ﬁ2',
  'ª10',
  '0x1F',
  'Ω',
  '\u{10FFFD}',
  '\uFFFD',
]

describe.each(engines)('a folder page by page on %s', (engine) => {
  let test: TestSpaces
  let store: FileStore

  beforeAll(async () => {
    test = await createTestSpaces(engine)
    store = test.store
  })
  afterAll(() => test.close())
  beforeEach(async () => {
    for (const { name } of await store.list([])) await store.remove([name])
  })

  const file = (name: string, text = '', mtimeMs?: number) =>
    store.write([name], [Buffer.from(text)] as never, mtimeMs === undefined ? {} : { mtimeMs })

  async function walk(query: PageQuery): Promise<string[]> {
    const names: string[] = []
    let page = await pageOf(store, [], query)
    for (let pages = 0; pages < 100; pages++) {
      names.push(...page.entries.map(({ name }) => name))
      if (!page.hasMore) return names
      const after = pageKeyOf(page.entries.at(-1) as Entry, query)
      page = await pageOf(store, [], { ...query, after })
    }
    throw new Error('pages without end')
  }

  it('lists folders first, then numbers by their value, whatever the case', async () => {
    for (const name of ['file 10', 'File 2', 'ärger', 'Zebra', 'azure']) await file(name)
    for (const name of ['zoo', 'Run 10', 'run 9']) await store.makeCollection([name])
    const { entries, hasMore, total } = await pageOf(store, [], { ...BY_NAME, withTotal: true })
    expect(entries.map(({ name }) => name)).toEqual([
      ...['run 9', 'Run 10', 'zoo'],
      ...['ärger', 'azure', 'File 2', 'file 10', 'Zebra'],
    ])
    expect({ hasMore, total }).toEqual({ hasMore: false, total: 8 })
  })

  it('gives every entry once, however small the pages, in every order, as a sort in memory does', async () => {
    for (const [index, name] of HOSTILE.entries())
      await file(name, 'x'.repeat(index % 4), 1_700_000_000_000 + (index % 3))
    for (const name of ['a', 'B', 'a1']) await store.makeCollection([name])
    const listed = await store.list([])
    for (const sort of ['name', 'size', 'modified'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        const expected = pageOfEntries(listed, { sort, order, limit: 100 }).entries.map(({ name }) => name)
        for (const limit of [1, 3, 100]) expect(await walk({ sort, order, limit })).toEqual(expected)
      }
    }
  })

  it('finds a part of a name literally, whatever stands in it, without regard to case and accents', async () => {
    for (const name of [...HOSTILE, 'Ärger 2024', 'file10', 'file210', 'file2']) await file(name)
    for (const match of [
      'arg',
      'ÄRG',
      '%',
      '_',
      '[',
      '*',
      '?',
      '!',
      '\\',
      "'",
      '10',
      'e10',
      '2024',
      'r 2',
      'E2',
    ]) {
      const expected = pageOfEntries(await store.list([]), { ...BY_NAME, match }).entries
      const found = await pageOf(store, [], { ...BY_NAME, match, withTotal: true })
      expect(found.entries.map(({ name }) => name)).toEqual(expected.map(({ name }) => name))
      expect(found.total).toBe(expected.length)
      expect(found.entries.length).toBeGreaterThan(0)
    }
    const e10 = await pageOf(store, [], { ...BY_NAME, match: 'e10' })
    expect(e10.entries.map(({ name }) => name)).toEqual(['file10'])
  })

  it('sees what was renamed under its new name only', async () => {
    await file('old')
    await store.move(['old'], ['New'], { overwrite: false })
    expect(await walk(BY_NAME)).toEqual(['New'])
    expect((await test.spaces.search('ann', [], { match: 'old', limit: 5 })).found).toEqual([])
  })

  it('finds names anywhere below a folder, but nothing that was deleted, page by page', async () => {
    await store.makeCollection(['deep'])
    await store.makeCollection(['deep', 'Report folder'])
    for (let n = 0; n < 7; n++) {
      const path = ['deep', 'Report folder', `report ${n}.pdf`]
      await store.write(path, [Buffer.from('x')] as never)
    }
    await file('report outside')
    await store.remove(['deep', 'Report folder', 'report 3.pdf'])
    const found: string[] = []
    let after: readonly [string, string] | undefined
    for (let pages = 0; pages < 20; pages++) {
      const query = { match: 'REPORT', limit: 2, ...(after === undefined ? {} : { after }) }
      const page = await test.spaces.search('ann', ['deep'], query)
      expect(page.found.length).toBeLessThanOrEqual(2)
      found.push(...page.found.map(({ path }) => path.join('/')))
      after = page.next
      if (after === undefined) break
    }
    const below = [0, 1, 2, 4, 5, 6].map((n) => `deep/Report folder/report ${n}.pdf`)
    expect(found).toEqual([...below, 'deep/Report folder'])
  })

  it('finds nothing in the drive of somebody else', async () => {
    await file('secret plan')
    await test.spaces.spaceOf('bob')
    expect((await test.spaces.search('bob', [], { match: 'secret', limit: 5 })).found).toEqual([])
    expect((await test.spaces.search('ann', [], { match: 'secret', limit: 5 })).found).toHaveLength(1)
  })
})
