import { createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Entry, type FileStore, type StorePath, WrappedStore } from '../../src/store/index.ts'
import type { JobView } from '../../src/transfers/index.ts'
import { type MaxDelete, maxDeleteSchema } from '../../src/transfers/orders/deletions.ts'
import type { Plan } from '../../src/transfers/orders/plan.ts'
import {
  claimWebhooks,
  insertWebhook,
  settleWebhook,
  type Webhook,
} from '../../src/transfers/orders/webhooks-repo.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import { FakeClock } from './support/fake-clock.ts'
import type { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
let rig: EngineRig
let database: TestDatabase
let source: SourceServer
let engine: TestEngine

beforeEach(async () => {
  rig = await startRig({ idleTimeoutMs: 1500 })
  ;({ database, source, engine } = rig)
})

afterEach(() => closeRig(rig))

const tree = (): void => {
  source.put('/d/a.csv', 'alpha')
  source.put('/d/b.txt', 'beta')
  source.put('/d/sub/c.csv', 'gamma')
  source.put('/d/tmp/x.csv', 'junk')
}
const ordered = { source: { shareId: 's1', path: '/d' }, destination: { path: '/x' } }
const post = (body: object, extra: object = {}) =>
  engine.call('submitTransfer', { body: { ...ordered, ...body }, ...extra }) as Promise<JobView>
const names = async (path: string[]) => (await engine.drive.list(path)).map((entry) => entry.name)

describe('the filters of an order', () => {
  it('leave out what they exclude, and make no folders for nothing', async () => {
    tree()
    const filters = [
      { action: 'exclude', pattern: 'tmp/' },
      { action: 'include', pattern: '*.csv' },
      { action: 'exclude', pattern: '**' },
    ] as const
    source.put('/d/only-text/t.txt', 'text')
    const job = await engine.run({ ...ordered, options: { filters: [...filters] } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { total: 2, done: 2 } })
    expect(await names(['x'])).toEqual(['a.csv', 'sub'])
    expect(await names(['x', 'sub'])).toEqual(['c.csv'])
  })
})

describe('a mirror', () => {
  const mirror = { ...ordered, options: { deleteExtra: true } }

  it('removes what the source has no more, into the trash, and says how much', async () => {
    tree()
    await engine.run(mirror)
    source.remove('/d/b.txt')
    source.remove('/d/tmp/x.csv')
    const job = await engine.run(mirror)
    expect(job).toMatchObject({ state: 'FINISHED', files: { skipped: 2, removed: 2 } })
    expect(await names(['x'])).toEqual(['a.csv', 'sub'])
  })

  it('removes nothing while a file is missing', async () => {
    tree()
    await engine.run(mirror)
    source.remove('/d/b.txt')
    source.put('/d/a.csv', 'other')
    source.misbehave('/d/a.csv', { kind: 'status', status: 403 })
    const job = await engine.run(mirror)
    expect(job).toMatchObject({ state: 'FINISHEDDIRTY', files: { failed: 1, removed: 0 } })
    expect(await names(['x'])).toContain('b.txt')
    await engine.call('retryTransfer', { params: { id: job.id } })
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { removed: 1 } })
    expect(await names(['x'])).not.toContain('b.txt')
  })

  const fill = async (folder: string, names: readonly string[]) => {
    await engine.drive.makeCollection(['x']).catch(() => undefined)
    await engine.drive.makeCollection(['x', folder])
    for (const name of names) await engine.drive.write(['x', folder, name], one(name))
  }
  const tenNames = Array.from({ length: 10 }, (_, n) => `old-${n}`)
  const deleting = (maxDelete: MaxDelete) => ({ ...mirror, options: { deleteExtra: true, maxDelete } })

  it('removes nothing when its source is empty, such as one that is not mounted', async () => {
    await engine.drive.makeCollection(['empty'])
    await engine.drive.makeCollection(['x'])
    await engine.drive.write(['x', 'a.csv'], one('one'))
    const empty = { ...mirror, source: { path: '/empty' } }
    const job = await engine.run(empty)
    expect(job).toMatchObject({ state: 'FINISHEDDIRTY', files: { removed: 0 } })
    expect(job.error).toMatchObject({ code: 'TOO_MANY_DELETIONS' })
    expect(job.error?.message).toContain('lacks 1 of the 1 files')
    expect(job.error?.message).toContain('--max-delete all')
    expect(await names(['x'])).toContain('a.csv')
    const all = { ...deleting('all'), source: { path: '/empty' } }
    expect(await engine.run(all)).toMatchObject({ state: 'FINISHED', files: { removed: 1 } })
    expect(await names(['x'])).toEqual([])
  })

  it('removes nothing when more than half would go, and that are ten or more, also inside of one folder', async () => {
    tree()
    await fill('gone', tenNames)
    const job = await engine.run(mirror)
    expect(job).toMatchObject({ state: 'FINISHEDDIRTY', files: { done: 4, failed: 0, removed: 0 } })
    expect(job.error?.message).toContain('lacks 10 of the 14 files')
    expect(await names(['x', 'gone'])).toHaveLength(10)
  })

  it('removes most of it where that are less than ten files', async () => {
    source.put('/d/a.csv', 'one')
    await fill('gone', tenNames.slice(1))
    expect(await engine.run(mirror)).toMatchObject({ state: 'FINISHED', files: { removed: 9 } })
    expect(await names(['x'])).toEqual(['a.csv'])
  })

  it.each([
    [9, 0],
    [10, 10],
    ['71%', 0],
    ['72%', 10],
  ] as const)('keeps to what it was told: %s of 10 in 14', async (maxDelete, removed) => {
    tree()
    await fill('gone', tenNames)
    const state = removed === 0 ? 'FINISHEDDIRTY' : 'FINISHED'
    expect(await engine.run(deleting(maxDelete))).toMatchObject({ state, files: { removed } })
  })

  it('tells in a dry run the same numbers, and that it would refuse', async () => {
    tree()
    await fill('gone', tenNames)
    const plan = (await engine.call('submitTransfer', { body: { ...mirror, dryRun: true } })) as Plan
    expect(plan.counts.delete).toEqual({ files: 10, bytes: 50 })
    expect(plan.deletions).toMatchObject({ files: 10, ofFiles: 14 })
    expect(plan.deletions?.refusal).toContain('lacks 10 of the 14 files')
    const allowed = (await engine.call('submitTransfer', {
      body: { ...deleting('all'), dryRun: true },
    })) as Plan
    expect(allowed.deletions).toEqual({ files: 10, ofFiles: 14 })
  })

  it.each(['200%', '1.5%', -1, 'most'])('does not take %s for how much it may remove', (maxDelete) => {
    expect(maxDeleteSchema.safeParse(maxDelete).success).toBe(false)
  })

  it('says that maxDelete is for mirrors only', async () => {
    const refused = post({ ...ordered, options: { maxDelete: 5 } })
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'NOT_A_MIRROR' })
  })

  it('leaves alone what its filters leave out', async () => {
    tree()
    await engine.drive.makeCollection(['x'])
    await engine.drive.write(['x', 'mine.log'], one('log'))
    await engine.drive.write(['x', 'gone.csv'], one('old'))
    const filters = [{ action: 'exclude' as const, pattern: '*.log' }]
    const job = await engine.run({ ...ordered, options: { deleteExtra: true, filters } })
    expect(job.files.removed).toBe(1)
    expect(await names(['x'])).toEqual(['a.csv', 'b.txt', 'mine.log', 'sub', 'tmp'])
  })

  it('leaves alone what its filters leave out of a folder that the source has no more', async () => {
    tree()
    await engine.drive.makeCollection(['x'])
    await engine.drive.makeCollection(['x', 'old'])
    await engine.drive.write(['x', 'old', 'mine.log'], one('log'))
    await engine.drive.write(['x', 'old', 'gone.csv'], one('old'))
    const filters = [{ action: 'exclude' as const, pattern: '*.log' }]
    const job = await engine.run({ ...ordered, options: { deleteExtra: true, filters } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { removed: 1 } })
    expect(await names(['x', 'old'])).toEqual(['mine.log'])
  })

  it('knows what it copied also where the destination writes its name in another form', async () => {
    const own = await createTestDatabase('sqlite')
    class Decomposing extends WrappedStore {
      override async list(path: StorePath): Promise<Entry[]> {
        return (await super.list(path)).map((entry) => ({ ...entry, name: entry.name.normalize('NFD') }))
      }
    }
    const wrapDestination = (drive: FileStore) => new Decomposing(drive)
    const other = await TestEngine.start({ db: own.db, sourceUrl: source.url, wrapDestination })
    try {
      source.put('/d/\u00fcbung.txt', 'text')
      expect(await other.run(mirror)).toMatchObject({ state: 'FINISHED', files: { removed: 0 } })
    } finally {
      await other.close()
      await own.close()
    }
  })

  it('leaves what another order brought from the source meanwhile', async () => {
    tree()
    source.misbehave('/d/a.csv', { kind: 'stall', afterBytes: 1 })
    await engine.drive.makeCollection(['x'])
    await engine.drive.write(['x', 'gone.txt'], one('old'))
    const job = await engine.submit(mirror)
    await expect.poll(() => names(['x'])).toContain('b.txt')
    source.put('/d/new.txt', 'new')
    await engine.drive.write(['x', 'new.txt'], one('new'))
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { removed: 1 } })
    expect(await names(['x'])).toEqual(['a.csv', 'b.txt', 'new.txt', 'sub', 'tmp'])
  })

  it('is refused when its source lies in the destination, which it would remove', async () => {
    await engine.drive.makeCollection(['all'])
    await engine.drive.makeCollection(['all', 'project'])
    await engine.drive.write(['all', 'project', 'a'], one('a'))
    const inside = { source: { path: '/all/project' }, destination: { path: '/all' } }
    const refused = post({ ...inside, options: { deleteExtra: true } })
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'SOURCE_IN_DESTINATION' })
    expect(await engine.run(inside)).toMatchObject({ state: 'FINISHED' })
    expect(await names(['all'])).toEqual(['a', 'project'])
  })

  it('never removes a source that came to lie in the destination after the order', async () => {
    await engine.drive.makeCollection(['all'])
    await engine.drive.makeCollection(['all', 'project'])
    await engine.drive.write(['all', 'project', 'a'], one('a'))
    const replicas = [{ shareId: 's1', path: '/d' }, { path: '/all/project' }]
    tree()
    const job = await engine.run({
      ...{ source: { replicas }, destination: { path: '/all' } },
      options: { deleteExtra: true },
    })
    expect(job).toMatchObject({ state: 'FINISHEDDIRTY', files: { removed: 0 } })
    expect(await names(['all', 'project'])).toEqual(['a'])
  })
})

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe('an order that only asks', () => {
  it('says what would be copied, skipped and deleted, and writes nothing', async () => {
    tree()
    await engine.run(ordered)
    source.put('/d/new.csv', '12345')
    source.remove('/d/b.txt')
    const jobs = await database.db('transfer_jobs').count({ n: '*' }).first()
    const plan = (await engine.call('submitTransfer', {
      body: { ...ordered, dryRun: true, options: { deleteExtra: true } },
    })) as Plan
    expect(plan.counts).toEqual({
      copy: { files: 1, bytes: 5 },
      skip: { files: 3, bytes: 14 },
      delete: { files: 1, bytes: 4 },
      refuse: { files: 0, bytes: 0 },
    })
    expect(plan.paths).toContainEqual({
      path: 'b.txt',
      action: 'delete',
      why: 'the source does not have it',
      sizeBytes: 4,
    })
    expect(plan.isComplete).toBe(true)
    expect(await names(['x'])).toContain('b.txt')
    expect(await database.db('transfer_jobs').count({ n: '*' }).first()).toEqual(jobs)
  })
})

describe('an order with an idempotency key', () => {
  it('is the first one when it comes again, also at the same moment', async () => {
    tree()
    const key = { idempotencyKey: 'once' }
    const jobs = await Promise.all([post({}, key), post({}, key), post({ destination: { path: '/y' } }, key)])
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1)
    expect((await post({})).id).not.toBe(jobs[0]?.id)
  })
})

describe('a list of files', () => {
  it('is copied as its pairs say, with what it declares of them', async () => {
    tree()
    const items = [
      { source: { shareId: 's1', path: '/d/a.csv' }, destination: { path: '/l/1' }, sizeBytes: 5 },
      { source: { shareId: 's1', path: '/d/b.txt' }, destination: { path: '/l/2' }, sizeBytes: 999 },
    ]
    const job = (await engine.call('submitTransfer', { body: { items } })) as JobView
    expect(await engine.ended(job.id)).toMatchObject({
      state: 'FINISHEDDIRTY',
      error: { code: 'DECLARED_SIZE_WRONG' },
    })
    expect((await engine.content('/l/1')).toString()).toBe('alpha')
    const [first, second] = await engine.files(job.id)
    expect(first).toMatchObject({ state: 'DONE', destination: { path: '/l/1' } })
    expect(second).toMatchObject({ state: 'ERROR', attempts: 1 })
  })
})

describe('declared checksums', () => {
  const single = (sha1: string) => ({
    source: { shareId: 's1', path: '/f' },
    destination: { path: '/x' },
    options: { checksums: { sha1 } },
  })

  it('fail the order at once when the source lists others', async () => {
    source.put('/f', 'content')
    const job = await engine.run(single('0'.repeat(40)))
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'DECLARED_CHECKSUM_WRONG' } })
    expect(source.gets('/f')).toEqual([])
  })

  it('send it on from a small wrong replica to a large right one', async () => {
    source.withoutChecksums = true
    source.put('/stub', '<html>It has moved.</html>')
    const content = source.put('/real', randomBytes(200_000))
    const paths = ['/stub', '/real']
    const job = await engine.run({
      source: { replicas: paths.map((path) => ({ shareId: 's1', path })) },
      destination: { path: '/x' },
      options: { checksums: { md5: createHash('md5').update(content).digest('hex') } },
    })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect(await engine.content('/x')).toEqual(content)
    expect(paths.map((path) => source.gets(path).length)).toEqual([1, 1])
  })

  it('are compared with the copy when the source lists none', async () => {
    source.withoutChecksums = true
    source.put('/f', 'content')
    const md5 = '9a0364b9e99bb480dd25e1f0284c8555'
    const good = await engine.run({ ...single(''), options: { checksums: { md5 } } })
    expect(good.state).toBe('FINISHED')
    expect((await engine.files(good.id))[0]).toMatchObject({ verified: 'checksum' })
    const bad = await engine.run({
      ...single(''),
      overwrite: 'always',
      options: { checksums: { md5: '0'.repeat(32) } },
    })
    expect(bad).toMatchObject({ state: 'FAILED', error: { code: 'CHECKSUM_MISMATCH' } })
    expect((await engine.content('/x')).toString()).toBe('content')
    expect(await engine.partFiles()).toEqual([])
  })
})

describe('parallel streams', () => {
  it('put one large file together from ranges of one version', async () => {
    const content = source.put('/big', randomBytes(18 * MIB + 7))
    const job = await engine.run({
      ...ordered,
      source: { shareId: 's1', path: '/big' },
      options: { streams: 4 },
    })
    expect(job.state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
    const ranges = source.gets('/big').map((request) => request.range)
    expect(ranges).toHaveLength(5)
    expect(ranges).toContain(`bytes=${16 * MIB}-${18 * MIB + 6}`)
    expect(source.gets('/big').every((request) => request.ifRange === '"v1"')).toBe(true)
  })

  it('go on from what stands after one of them broke', async () => {
    const content = source.put('/big', randomBytes(18 * MIB))
    source.misbehave('/big', { kind: 'plain' }, { kind: 'cut', afterBytes: 1000 })
    const job = await engine.run({
      ...ordered,
      source: { shareId: 's1', path: '/big' },
      options: { streams: 2 },
    })
    expect(job.state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
    expect((await engine.files(job.id))[0]).toMatchObject({ attempts: 2 })
    const starts = source.gets('/big').map((request) => Number(/=(\d+)-/.exec(request.range ?? '')?.[1]))
    expect(starts.filter((start) => start === 0)).toHaveLength(1)
  })

  it('become one where the server ignores ranges', async () => {
    const content = source.put('/big', randomBytes(6 * MIB))
    source.misbehave('/big', { kind: 'ignore-range' })
    const job = await engine.run({
      ...ordered,
      source: { shareId: 's1', path: '/big' },
      options: { streams: 4 },
    })
    expect(job.state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
  })
})

describe('the first failure', () => {
  it('ends an order that says so', async () => {
    for (let n = 0; n < 30; n++) source.put(`/d/${n}`, randomBytes(2 * MIB))
    source.misbehave('/d/0', { kind: 'status', status: 403 })
    const job = await engine.run({ ...ordered, options: { onItemError: 'fail' } })
    expect(job.state).toMatch(/FAILED|FINISHEDDIRTY/)
    expect(job.error?.code).toBe('HTTP_403')
    expect(job.files.canceled).toBeGreaterThan(0)
    expect(await engine.partFiles()).toEqual([])
  })
})

describe('pause and resume', () => {
  it('hold an order back, say why it waits, and let it go on', async () => {
    tree()
    const job = await post({ paused: true, items: undefined })
    expect(job.state).toBe('PAUSED')
    await engine.call('resumeTransfer', { params: { id: job.id } })
    expect((await engine.ended(job.id)).state).toBe('FINISHED')
  })

  it('keep what came over', async () => {
    const content = source.put('/big', randomBytes(4 * MIB))
    source.misbehave('/big', { kind: 'stall', afterBytes: 2 * MIB })
    const job = await post({ source: { shareId: 's1', path: '/big' } })
    await engine.untilFile(job.id, (file) => file.bytesDone >= MIB)
    const paused = (await engine.call('pauseTransfer', { params: { id: job.id } })) as JobView
    expect(paused.state).toBe('PAUSED')
    expect((await engine.files(job.id))[0]?.waitReason).toMatchObject({ code: 'paused' })
    await engine.call('resumeTransfer', { params: { id: job.id } })
    expect((await engine.until(job.id, (one) => one.state === 'FINISHED')).state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
    expect(source.gets('/big')[1]?.range).toMatch(/^bytes=\d{7}-/)
  })
})

describe('one file of an order', () => {
  it('can be ended while the others go on, and leaves nothing behind', async () => {
    source.put('/d/slow', randomBytes(3 * MIB))
    source.put('/d/fine', 'fine')
    source.misbehave('/d/slow', { kind: 'stall', afterBytes: MIB })
    const job = await post({})
    const slow = await engine.untilFile(job.id, (file) => file.path === 'slow' && file.bytesDone > 0)
    expect(slow.lastByteAt).toBeDefined()
    await engine.call('cancelTransferFile', { params: { id: job.id, fileId: slow.id } })
    const end = await engine.ended(job.id)
    expect(end).toMatchObject({ state: 'FINISHEDDIRTY', files: { done: 1, canceled: 1 } })
    expect(await engine.partFiles()).toEqual([])
    await expect(engine.drive.stat(['x', 'slow'])).rejects.toThrow()
  })

  it('tells of its attempts', async () => {
    source.put('/d/f', 'hello')
    source.misbehave('/d/f', { kind: 'status', status: 503 }, { kind: 'cut', afterBytes: 2 })
    const job = await engine.run(ordered)
    const [file] = await engine.files(job.id)
    const { items } = (await engine.call('listTransferAttempts', {
      params: { id: job.id, fileId: file?.id },
    })) as { items: { attempt: number; error: { code: string } }[] }
    expect(items.map((one) => [one.attempt, one.error.code])).toEqual([
      [1, 'HTTP_503'],
      [2, expect.stringMatching(/CONNECTION_LOST|SHORT_BODY/)],
    ])
    const alien = engine.call('listTransferAttempts', { params: { id: job.id, fileId: file?.id } }, 'user-2')
    await expect(alien).rejects.toMatchObject({ status: 404 })
  })
})

describe('an order that cannot be', () => {
  it.each([
    [{ deadline: '2001-01-01T00:00:00Z' }, 'DEADLINE_PASSED'],
    [{ notBefore: '2099-01-02T00:00:00Z', deadline: '2099-01-01T00:00:00Z' }, 'DEADLINE_TOO_EARLY'],
    [{ webhookSecret: 'long enough' }, 'NO_WEBHOOK'],
    [{ options: { webhook: 'https://192.168.0.1/x' } }, 'BAD_WEBHOOK'],
    [{ options: { webhook: 'ftp://example.org/x' } }, 'BAD_WEBHOOK'],
  ])('%o is refused: %s', async (body, code) => {
    await expect(post(body)).rejects.toMatchObject({ status: 400, code })
    expect(await database.db('transfer_jobs').select('id')).toEqual([])
  })
})

describe('a webhook', () => {
  it('is told of the end of a retry, also when that began while the end before was being told', async () => {
    const db = database.db
    tree()
    source.misbehave('/d/a.csv', { kind: 'status', status: 403 })
    const job = await engine.run(ordered)
    await insertWebhook(db, { jobId: job.id, url: 'https://h.example', secretSealed: null, nextAtMs: 1 })
    const [hook] = await claimWebhooks(db, 10, 20)
    await engine.call('retryTransfer', { params: { id: job.id } })
    await settleWebhook(db, hook as Webhook, { state: 'done', error: null })
    expect(await db('transfer_webhooks').first('state')).toEqual({ state: 'waiting' })
  })

  it('is told of the end, signed, and again after a failure', async () => {
    const told: { body: string; signature: string }[] = []
    const listener = createServer(async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request)).toString()
      told.push({ body, signature: String(request.headers['x-causeway-signature']) })
      response.writeHead(told.length === 1 ? 500 : 204).end()
    }).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const clock = new FakeClock()
    const own = await createTestDatabase('sqlite')
    const other = await TestEngine.start({
      ...{ db: own.db, sourceUrl: source.url, clock, workerId: 'other' },
    })
    try {
      tree()
      const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`
      const job = await other.submit({ ...ordered, options: { webhook: url }, webhookSecret: 'sesame open' })
      while (told.length < 2) {
        clock.advance(5000)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      const [, seconds, hmac] = /^t=(\d+),v1=(\w+)$/.exec(told[1]?.signature ?? '') ?? []
      const expected = createHmac('sha256', 'sesame open').update(`${seconds}.${told[1]?.body}`).digest('hex')
      expect(hmac).toBe(expected)
      expect(JSON.parse(told[1]?.body ?? '')).toMatchObject({
        event: 'transfer.ended',
        job: { id: job.id, state: 'FINISHED' },
      })
      const stored = JSON.stringify(await own.db('transfer_webhooks').select())
      expect(stored).not.toContain('sesame')
    } finally {
      listener.close()
      await other.close()
      await own.close()
    }
  })
})
