import { expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { type ChangesQuery, createSpaces, type FileStore } from '../../src/store/index.ts'
import { formatPath } from '../../src/store/paths.ts'
import { engines } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces } from './support.ts'

/** Follows a store page by page, one page at a time. */
function follower(store: FileStore, known: Map<string, string>) {
  let token: string | undefined
  return async () => {
    const query: ChangesQuery = { depth: 'infinity', limit: 7 }
    if (token !== undefined) query.token = token
    const page = await store.changes?.([], query)
    for (const change of page?.changes ?? []) {
      if ('gone' in change) known.delete(formatPath(change.path))
      else known.set(formatPath(change.path), change.entry.etag)
    }
    token = page?.token
    return page?.isComplete === false
  }
}

it.each(engines)('who asks while two processes write misses nothing on %s', async (engine) => {
  const test = await createTestSpaces(engine)
  try {
    const config = { folder: test.folder, fsync: 'never' as const }
    const other = await createSpaces({ db: test.database.db, clock: systemClock, config }).spaceOf('ann')
    const known = new Map<string, string>()
    const page = follower(test.store, known)
    await test.store.makeCollection(['d'])
    let isWriting = true
    const following = (async () => {
      while (isWriting) await page()
    })()
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const store = i % 2 === 0 ? test.store : other
        const path = i % 3 === 0 ? ['d', `n${i % 13}`] : [`n${i % 17}`]
        // Both processes may be in one another's way; what is refused is no change.
        await store.write(path, bytes(`${i}`)).catch((error) => expect(error).toHaveProperty('status'))
        if (i % 5 === 0) {
          await store.remove(path).catch((error) => expect(error).toHaveProperty('status'))
        }
      }),
    )
    isWriting = false
    await following
    const tree = new Map<string, string>()
    for (const folder of [['d'], []]) {
      for (const { name, etag } of await test.store.list(folder))
        tree.set(formatPath([...folder, name]), etag)
    }
    while (await page());
    expect([...known].sort()).toEqual([...tree].sort())
  } finally {
    await test.close()
  }
})
