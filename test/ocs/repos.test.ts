import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OcsNumbers } from '../../src/ocs/numbers-repo.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'

describe.each(engines)('on %s', (engine) => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase(engine)
    for (const id of ['u1', 'u2']) {
      const row = { id, name: id, display_name: id, email: '', password_hash: '', created_at_ms: 1 }
      await database.db('users').insert(row)
    }
  })

  afterAll(() => database.close())

  describe('numbers', () => {
    it('are given once to each id, and to nothing else', async () => {
      const numbers = new OcsNumbers(database.db)
      const first = await numbers.numbersOf('given', ['a', 'b', 'a'])
      expect([...first.keys()].sort()).toEqual(['a', 'b'])
      const more = await numbers.numbersOf('given', ['b', 'c', 'a'])
      expect([more.get('a'), more.get('b')]).toEqual([first.get('a'), first.get('b')])
      expect(await numbers.numberOf('received', 'a')).not.toBe(first.get('a'))
      expect(await numbers.find(String(first.get('b')))).toEqual({ kind: 'given', id: 'b' })
      expect(await numbers.numbersOf('file', [])).toEqual(new Map())
    })

    it('are the same for all who ask at once, and for more than fit into one statement', async () => {
      const numbers = new OcsNumbers(database.db)
      const ids = Array.from({ length: 1_100 }, (_, index) => `file ${index}`)
      const [one, two] = await Promise.all([numbers.numbersOf('file', ids), numbers.numbersOf('file', ids)])
      expect(one).toEqual(two)
      expect(new Set(one?.values()).size).toBe(ids.length)
    })

    it.each([
      '',
      '0',
      '-1',
      '01',
      '1.5',
      '1e3',
      ' 1',
      '9999999999',
      '4294967296',
      "1' or '1'='1",
    ])('are not %j', async (text) => expect(await new OcsNumbers(database.db).find(text)).toBeUndefined())
  })
})
