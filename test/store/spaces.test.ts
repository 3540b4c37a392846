import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { createSpaces } from '../../src/store/index.ts'
import { engines } from '../support/databases.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

/** A second process on the same database and disk, as far as the store can tell. */
function secondProcess(test: TestSpaces) {
  const config = { folder: test.folder, fsync: 'never' as const }
  return createSpaces({ db: test.database.db, clock: systemClock, config })
}

describe.each(engines)('spaces in %s', (engine) => {
  it('are made once, however many ask at first', async () => {
    const test = await createTestSpaces(engine)
    const other = secondProcess(test)
    const asked = Array.from({ length: 8 }, (_, i) => (i % 2 ? other : test.spaces).spaceOf('jan'))
    const scopes = await Promise.all(
      (await Promise.all(asked)).map(async (store) => (await store.locate([])).scope),
    )
    expect(new Set(scopes).size).toBe(1)
    expect(scopes[0]).not.toBe((await test.store.locate([])).scope)
    await test.close()
  })

  it('keep what was stored when they are opened again', async () => {
    const test = await createTestSpaces(engine)
    const { entry } = await test.store.write(['f'], bytes('text'))
    const again = await secondProcess(test).spaceOf('ann')
    expect(await textOf(again, ['f'])).toBe('text')
    expect(await again.stat(['f'])).toEqual(entry)
    await test.close()
  })

  it('are tidied up but for one whose disk is not there, which is told', async () => {
    const test = await createTestSpaces(engine)
    const failures: unknown[] = []
    const again = createSpaces({
      ...test.options,
      config: { ...test.options.config, trashDays: 1, versionDays: 1 },
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + 3 * 24 * 3_600_000 },
      onFailure: (error, spaceId) => failures.push([spaceId, (error as Error).name]),
    })
    const kept = createSpaces({
      ...test.options,
      config: { ...test.options.config, trashDays: 1, versionDays: 1 },
    })
    const owners = ['ann', 'ben', 'cem']
    for (const owner of owners) {
      const store = await kept.spaceOf(owner)
      await store.write(['f'], bytes(owner))
      await store.remove(['f'])
    }
    const missing = (await (await kept.spaceOf('ben')).locate([])).scope
    await kept.close()
    await rename(join(test.folder, missing), join(test.folder, 'unmounted'))
    await again.sweep()
    expect(await again.expire()).toBe(2)
    expect(failures).toEqual([
      [missing, 'UnavailableError'],
      [missing, 'UnavailableError'],
    ])
    await again.close()
    await test.close()
  })

  it('find a file by its id wherever it went', async () => {
    const test = await createTestSpaces(engine)
    await test.store.makeCollection(['d'])
    const { entry } = await test.store.write(['f'], bytes('x'))
    await test.store.move(['f'], ['d', 'g'], { overwrite: false })
    const { scope } = await test.store.locate([])
    const place = { spaceId: scope, ownerUserId: 'ann', path: ['d', 'g'] }
    expect(await test.spaces.findFile(entry.id)).toEqual(place)
    expect(await test.spaces.pathOfId((await test.store.stat([])).id)).toEqual([])
    await test.store.remove(['d'])
    expect(await test.spaces.pathOfId(entry.id)).toBeUndefined()
    expect(await test.spaces.pathOfId('no such id')).toBeUndefined()
    await test.close()
  })

  it('stay in order when two processes write into one folder', async () => {
    const test = await createTestSpaces(engine)
    const second = await secondProcess(test).spaceOf('ann')
    await test.store.makeCollection(['d'])
    const stores = [test.store, second]
    const writes = Array.from({ length: 40 }, (_, i) => {
      return stores[i % 2]?.write(['d', `f${i % 30}`], bytes('1234567890'))
    })
    await Promise.all(writes)
    for (const store of stores) {
      expect((await store.list(['d'])).length).toBe(30)
      expect((await store.stat(['d'])).sizeBytes).toBe(300)
      expect((await store.stat([])).sizeBytes).toBe(300)
    }
    await test.close()
  })
})
