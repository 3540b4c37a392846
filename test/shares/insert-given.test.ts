import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inTransaction } from '../../src/platform/db.ts'
import { insertGiven } from '../../src/shares/insert-given.ts'
import {
  changeOutgoing,
  changeOutgoingState,
  findOutgoing,
  insertOutgoing,
} from '../../src/shares/outgoing-repo.ts'
import { changeReceived, changeReceivedState, insertReceived } from '../../src/shares/received-repo.ts'
import type { OutgoingShare, ReceivedShare } from '../../src/shares/types.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { HandClock, insertUser, START_MS } from './support.ts'

const failure = (status: number, code: string) => expect.objectContaining({ status, code })

describe.each(engines)('a share that stands on another, on %s', (engine) => {
  let database: TestDatabase
  const clock = new HandClock()

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    await insertUser(database.db, 'ann')
    await insertOutgoing(database.db, share('parent', { mayReshare: true }))
    await insertReceived(database.db, received)
  })
  afterEach(() => database.close())

  const share = (id: string, more: Partial<OutgoingShare> = {}): OutgoingShare => ({
    ...{ id, ownerUserId: 'id-ann', fileId: 'f', name: 'data', kind: 'folder', role: 'viewer', note: '' },
    recipient: { type: 'remote', id, host: 'bari.test', userId: undefined, displayName: id },
    ...{ secretHash: id, state: 'pending', createdAtMs: START_MS, expiresAtMs: undefined },
    ...more,
  })
  const person = { id: 'o', host: 'krakow.test', displayName: 'O' }
  const received: ReceivedShare = {
    ...{ id: 'up', userId: 'id-ann', source: 'remote', peerHost: 'krakow.test', providerId: '1' },
    ...{ owner: person, sender: person, name: 'up', kind: 'folder', role: 'viewer', mayReshare: true },
    ...{ note: '', webdavUri: 'https://krakow.test/1', secretSealed: 's', state: 'accepted' },
    ...{ mountName: 'up', rootFacts: undefined, createdAtMs: START_MS, expiresAtMs: undefined },
  }
  const insert = (one: OutgoingShare) => inTransaction(database.db, (tx) => insertGiven({ clock }, tx, one))
  const child = (id: string, more: Partial<OutgoingShare> = {}) => share(id, { parentId: 'parent', ...more })
  const passedOn = (id: string) => share(id, { via: { receivedId: 'up', path: [] } })
  const isThere = async (id: string) => (await findOutgoing(database.db, id)) !== undefined

  it('is stored while that one lives, and not after', async () => {
    await insert(child('one'))
    await insert(passedOn('two'))
    await changeOutgoingState(database.db, 'parent', { from: 'pending', to: 'revoked' })
    await changeReceivedState(database.db, 'up', { from: 'accepted', to: 'revoked' })
    await expect(insert(child('three'))).rejects.toEqual(failure(409, 'SHARE_STATE'))
    await expect(insert(passedOn('four'))).rejects.toEqual(failure(409, 'SHARE_STATE'))
    await expect(insert(share('five', { parentId: 'nothing' }))).rejects.toEqual(failure(409, 'SHARE_STATE'))
    expect(await Promise.all(['one', 'two', 'three', 'four', 'five'].map(isThere))).toEqual([
      ...[true, true],
      ...[false, false, false],
    ])
  })

  it('is not stored when that one is being ended at the same moment', async () => {
    const { promise: isEnded, resolve: end } = Promise.withResolvers<void>()
    const ending = inTransaction(database.db, async (tx) => {
      await changeOutgoingState(tx, 'parent', { from: 'pending', to: 'revoked' })
      await changeReceivedState(tx, 'up', { from: 'accepted', to: 'revoked' })
      end()
      // Both wait for the end of this transaction, on either engine.
      await tx.raw(engine === 'postgres' ? 'select pg_sleep(0.2)' : 'select 1')
    })
    await isEnded
    const results = await Promise.allSettled([insert(child('one')), insert(passedOn('two')), ending])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect([await isThere('one'), await isThere('two')]).toEqual([false, false])
  })

  it('is not stored with more than that one has, as when that was narrowed after somebody looked', async () => {
    const { db } = database
    const end = { expiresAtMs: START_MS + 60_000 }
    const changed = failure(409, 'SHARE_CHANGED')
    for (const more of [{ role: 'editor' }, { role: 'uploader' }] as const) {
      await expect(insert({ ...passedOn('one'), ...more })).rejects.toEqual(changed)
      await expect(insert(child('one', more))).rejects.toEqual(changed)
    }
    await changeReceived(db, 'up', { role: 'editor', note: '', mayReshare: true, ...end })
    await expect(insert(passedOn('one'))).rejects.toEqual(changed)
    await insert({ ...passedOn('one'), role: 'editor', mayReshare: true, ...end })
    await changeOutgoing(db, 'parent', { role: 'editor', note: '', mayReshare: true, ...end })
    await expect(insert(child('two'))).rejects.toEqual(changed)
    await insert(child('two', { role: 'editor', ...end }))
    await changeOutgoing(db, 'parent', { role: 'editor', note: '', mayReshare: false, ...end })
    await expect(insert(child('three', end))).rejects.toEqual(failure(409, 'SHARE_STATE'))
  })

  it('is one of a hundred at most that live', async () => {
    for (let n = 0; n < 99; n++) await insertOutgoing(database.db, child(`c${n}`))
    await insertOutgoing(database.db, child('over', { state: 'revoked' }))
    const results = await Promise.allSettled([insert(child('a')), insert(child('b'))])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expect(insert(child('c'))).rejects.toEqual(failure(429, 'TOO_MANY_RESHARES'))
    await changeOutgoingState(database.db, 'c1', { from: 'pending', to: 'revoked' })
    await insert(child('d'))
  })
})
