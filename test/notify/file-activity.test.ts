import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Activities } from '../../src/notify/activity/activities.ts'
import { activityRoutes } from '../../src/notify/activity/activity-api.ts'
import { activityText } from '../../src/notify/activity/activity-text.ts'
import { FileFollower } from '../../src/notify/activity/file-follower.ts'
import { EventBus } from '../../src/platform/events.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createSpaces, type FileStore, type Spaces } from '../../src/store/index.ts'
import { bytes } from '../store/file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from '../store/support.ts'
import { engines } from '../support/databases.ts'
import { addUsers, FakeClock } from './support.ts'

const MINUTE_MS = 60_000

describe.each(engines)('the activity of files on %s', (engine) => {
  let test: TestSpaces
  let clock: FakeClock
  let spaces: Spaces
  let store: FileStore
  let activities: Activities
  let published: string[]
  const events = new EventBus()
  events.subscribe('activity', ({ userId }) => published.push(userId))

  const newFollower = () =>
    new FileFollower({
      ...{ db: test.database.db, clock, events, activities, drives: spaces, log: createLogger('silent') },
    })
  const put = (path: string, text = path) => store.write(path.split('/'), bytes(text))
  const make = (path: string) => store.makeCollection(path.split('/'))
  const move = (from: string, to: string) => store.move(from.split('/'), to.split('/'), { overwrite: true })
  const remove = (path: string) => store.remove(path.split('/'))
  const open = async (trashDays: number) => {
    await spaces?.close()
    const config = { ...test.options.config, trashDays, versionDays: trashDays }
    spaces = createSpaces({ ...test.options, config, clock })
    store = await spaces.spaceOf('ann')
  }
  /** What was told since the last time, oldest first. */
  const told = async (userId = 'ann') => {
    clock.pass(MINUTE_MS)
    await newFollower().followAll()
    const found = await activities.list(userId, { limit: 1_000 })
    await test.database.db('activities').delete()
    clock.pass(1)
    return found.map(activityText).sort()
  }

  beforeEach(async () => {
    test = await createTestSpaces(engine)
    clock = new FakeClock(Date.now() + MINUTE_MS)
    published = []
    await addUsers(test.database.db, ['ann', 'ben'])
    activities = new Activities({
      ...{ db: test.database.db, clock, events, keptDays: 90 },
      users: { findUserById: async (id) => ({ id, name: id, displayName: id }) as never },
    })
    await open(30)
  })

  afterEach(async () => {
    await spaces.close()
    await test.close()
  })

  it('is told when something is made, changed, moved, deleted and restored, to nobody but the owner', async () => {
    await make('data')
    await put('data/sky.fits')
    expect(await told()).toEqual(['ann added 1 thing in "data"'])
    await put('data/sky.fits', 'more')
    expect(await told()).toEqual(['ann changed "sky.fits"'])
    await move('data/sky.fits', 'star.fits')
    expect(await told()).toEqual(['ann moved "star.fits" from /data/sky.fits'])
    await remove('star.fits')
    expect(await told()).toEqual(['ann deleted "star.fits"'])
    const trash = await spaces.trashOf('ann')
    const [trashed] = await trash.list()
    await trash.restore(trashed?.name ?? '')
    expect(await told()).toEqual(['ann restored "star.fits"'])
    expect(await told()).toEqual([])
    expect(published).toEqual(['ann', 'ann', 'ann', 'ann', 'ann'])
    expect(await activities.list('ben', { limit: 10 })).toEqual([])
  })

  it('is told without a trash, too', async () => {
    await open(0)
    await make('a')
    await put('a/one')
    await put('two')
    await told()
    await remove('a')
    await move('two', 'three')
    await move('three', 'four')
    expect(await told()).toEqual(['ann deleted "a"', 'ann moved "four" from /two'])
  })

  it('puts many of one folder and all of a new tree into one line', async () => {
    await make('old')
    await told()
    for (let at = 0; at < 12; at++) await put(`old/${at}`)
    await make('new')
    await make('new/deep')
    for (let at = 0; at < 5; at++) await put(`new/deep/${at}`)
    expect(await told()).toEqual(['ann added 12 things in "old"', 'ann added 6 things in "new"'])
    for (let at = 0; at < 12; at++) await remove(`old/${at}`)
    await move('new', 'newer')
    expect(await told()).toEqual(['ann deleted 12 things in "old"', 'ann moved "newer" from /new'])
  })

  it('tells of a file that a program saves by renaming as one, and of temporary ones nothing', async () => {
    await put('paper.odt')
    await told()
    await put('paper.odt.part', 'second')
    await move('paper.odt.part', 'paper.odt')
    await put('.~lock')
    await remove('.~lock')
    await put('upload.part')
    await move('upload.part', 'upload')
    expect(await told()).toEqual(['ann added "upload"', 'ann changed "paper.odt"'])
  })

  it('folds what happens in very many folders, and forgets none of it', async () => {
    await make('top')
    for (let at = 0; at < 60; at++) {
      await make(`top/${at}`)
      await put(`top/${at}/file`)
    }
    await told()
    for (let at = 0; at < 60; at++) await put(`top/${at}/file`, 'changed')
    expect(await told()).toEqual(['ann changed 60 things in "top"'])
  })

  it('reads a long journal in steps and tells of each change once', async () => {
    await told()
    const { db } = test.database
    await put('first')
    await db('spaces').increment('change_seq', 1_200)
    await put('second')
    expect(await told()).toEqual(['ann added "first"', 'ann added "second"'])
    expect(await told()).toEqual([])
  })

  it('does not tell of what was there before anybody followed', async () => {
    const { db } = test.database
    await put('ancient')
    await db('spaces').update({ created_at_ms: 1 })
    expect(await told()).toEqual([])
    await put('newer')
    expect(await told()).toEqual(['ann added "newer"'])
    // As a migration leaves it.
    await db('activity_marks').update({ seq: 0, at_ms: 0 })
    expect(await told()).toEqual([])
    await move('ancient', 'old')
    expect(await told()).toEqual(['ann moved "old" from /ancient'])
  })

  it('is told once by two workers, and by a new process after a crash', async () => {
    await told()
    for (let at = 0; at < 3; at++) await put(`${at}`)
    clock.pass(MINUTE_MS)
    await Promise.all([newFollower().followAll(), newFollower().followUser('ann'), newFollower().followAll()])
    expect((await activities.list('ann', { limit: 10 })).length).toBe(3)
    await test.database.db('activities').delete()
    await put('late')
    // The lines cannot be written: the mark stays, too.
    const broken = { userAsActor: async () => ({ name: null as never }) }
    const deps = { db: test.database.db, clock, events, activities: broken, drives: spaces }
    await new FileFollower({ ...deps, log: createLogger('silent') }).followAll()
    expect(await activities.list('ann', { limit: 10 })).toEqual([])
    expect(await told()).toEqual(['ann added "late"'])
  })

  it('is up to date for who asks, and told by path', async () => {
    await make('a')
    await put('a/one')
    await told()
    await put('a/two')
    await put('b')
    const follower = newFollower()
    const [route] = activityRoutes({ activities, catchUp: (userId) => follower.followUser(userId) })
    const ask = async (query: object, userId = 'ann') => {
      const answer = await route?.handle({ principal: { userId }, query: { limit: 50, ...query } } as never)
      return (answer as { items: { text: string }[] }).items.map(({ text }) => text)
    }
    expect(await ask({}, 'ben')).toEqual([])
    expect(await ask({ path: '/a' })).toEqual(['ann added "two"'])
    expect((await ask({})).sort()).toEqual(['ann added "b"', 'ann added "two"'])
    expect(await ask({ path: '/a/tw' })).toEqual([])
  })

  it('is told by path below a folder whose name has letters of two units', async () => {
    for (const folder of ['🔭', '🔭🔭']) await make(folder)
    await told()
    await put('🔭/sky.fits')
    await put('🔭🔭/star.fits')
    clock.pass(MINUTE_MS)
    await newFollower().followAll()
    const found = await activities.list('ann', { limit: 10, path: '/🔭' })
    expect(found.map(activityText)).toEqual(['ann added "sky.fits"'])
  })

  it('has the time of the change where that can be', async () => {
    await told()
    clock.pass(1_000)
    const madeAtMs = clock.nowMs()
    await put('file')
    clock.pass(MINUTE_MS)
    await newFollower().followAll()
    expect(await activities.list('ann', { limit: 1 })).toMatchObject([{ atMs: madeAtMs }])
    await put('file', 'again')
    clock.pass(MINUTE_MS)
    await newFollower().followAll()
    const [changed] = await activities.list('ann', { limit: 1 })
    expect(changed?.kind).toBe('file.changed')
    expect(changed?.atMs).toBeLessThanOrEqual(clock.nowMs())
    expect(changed?.atMs).toBeGreaterThan(madeAtMs)
  })
})
