import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventBus } from '../../src/platform/events.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

/** Two buses that tell each other everything, as those of two processes of a node do. */
function linked(): [EventBus, EventBus] {
  const one: EventBus = new EventBus((name, event) => void setImmediate(() => two.hear(name, event)))
  const two: EventBus = new EventBus((name, event) => void setImmediate(() => one.hear(name, event)))
  return [one, two]
}

describe('of two processes of a node, one runs transfers', () => {
  let database: TestDatabase
  let source: SourceServer
  let leader: TestEngine
  let follower: TestEngine
  /** Whether each event of a transfer that the follower heard was its own. */
  let isForeign: boolean[]

  beforeEach(async () => {
    database = await createTestDatabase('sqlite')
    source = await SourceServer.start()
    const [one, two] = linked()
    const options = { db: database.db, sourceUrl: source.url, workerId: 'main' }
    leader = await TestEngine.start({ ...options, events: one })
    follower = await TestEngine.start({ ...options, events: two, folder: leader.folder, isStarted: false })
    isForeign = []
    two.subscribe('transfer', (_event, isFromElsewhere) => isForeign.push(isFromElsewhere))
  })

  afterEach(async () => {
    await follower.close({ keepFolder: true })
    await leader.close()
    await source.close()
    await database.close()
  })

  it('and tells of those that the other was asked for', async () => {
    source.put('/f', Buffer.alloc(1_000, 'f'))
    const job = await follower.run({ destination: { path: '/copy' } })
    expect(job.state).toBe('FINISHED')
    await expect.poll(() => follower.snapshots.at(-1)?.state).toBe('FINISHED')
    expect(isForeign.length).toBeGreaterThan(1)
    expect(isForeign.every(Boolean)).toBe(true)
    expect(follower.snapshots.filter(({ state }) => state === 'FINISHED').length).toBe(1)
    expect(leader.snapshots).toEqual(follower.snapshots)
  })

  it('and ends what the other was asked to cancel, before that answers', async () => {
    source.put('/f', Buffer.alloc(4_000_000, 'f'))
    source.misbehave('/f', { kind: 'stall', afterBytes: 2_000_000 })
    const { id } = await follower.submit({ destination: { path: '/copy' } })
    await follower.untilFile(id, (file) => file.bytesDone > 0)
    const answer = await follower.call('cancelTransfer', { params: { id } })
    expect(answer).toMatchObject({ state: 'CANCELED' })
    await leader.transfers.idle()
    expect((await follower.files(id)).map((file) => file.state)).toEqual(['CANCELLED'])
    await expect.poll(() => follower.snapshots.at(-1)?.state).toBe('CANCELED')
    expect(isForeign.every(Boolean)).toBe(true)
  })
})
