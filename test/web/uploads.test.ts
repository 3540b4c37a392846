import { describe, expect, it } from 'vitest'
import { ApiProblem, NetworkProblem } from '../../src/client/errors.ts'
import { RateMeter } from '../../src/web/upload/rate-meter.ts'
import { nextPiece, tusMetadata } from '../../src/web/upload/slices.ts'
import {
  type ConflictAnswer,
  ENDED,
  type Picked,
  type UploadItem,
  type UploadTransport,
} from '../../src/web/upload/types.ts'
import { UploadQueue } from '../../src/web/upload/upload-queue.ts'
import { judge } from '../../src/web/upload/verdict.ts'

const problem = (status: number, code = `HTTP_${status}`) => new ApiProblem({ status, code, detail: code })
const lost = () => new NetworkProblem(new Error('lost'))
const file = (name: string, size = 10): Picked => ({
  names: [name],
  file: new File([new Uint8Array(size)], name),
})

/** A node whose answers the test says, and a clock that only the waiting moves. */
class Bench {
  nowMs = 1_000
  sent: string[] = []
  folders: string[] = []
  asked: string[] = []
  arrived: string[] = []
  letGo: string[] = []
  answer: ConflictAnswer = { choice: 'skip', forAll: false }
  signedOut = 0
  most = 0
  private under = 0
  send: (item: UploadItem, signal: AbortSignal) => Promise<void> = async () => undefined
  readonly transport: UploadTransport = {
    send: async (item, { signal, onProgress }) => {
      this.most = Math.max(this.most, ++this.under)
      try {
        this.sent.push(item.path)
        await this.send(item, signal)
        onProgress(item.sizeBytes)
      } finally {
        this.under--
      }
    },
    ensureFolder: async (path) => void this.folders.push(path),
    letGo: ({ path, state }) => void this.letGo.push(`${path} ${state}`),
  }
  readonly queue = new UploadQueue({
    transport: this.transport,
    nowMs: () => this.nowMs,
    wait: async (ms, signal) => {
      signal.throwIfAborted()
      this.nowMs += ms
    },
    ask: async ({ path }) => {
      this.asked.push(path)
      return this.answer
    },
    onSignedOut: () => void this.signedOut++,
    onChange: () => this.look(),
    onArrived: ({ path }) => void this.arrived.push(path),
  })
  private readonly waiting: { when: () => boolean; go: () => void }[] = []

  /** Until the queue is in such a state. */
  until(when: () => boolean): Promise<void> {
    return new Promise((go) => {
      this.waiting.push({ when, go })
      this.look()
    })
  }

  ended(): Promise<void> {
    return this.until(() => !this.queue.isActive)
  }

  private look(): void {
    for (const { when, go } of this.waiting) if (when()) go()
  }
}

const stateOf = ({ queue }: Bench, name: string) => queue.items.find(({ path }) => path.endsWith(name))?.state

describe('the queue of uploads', () => {
  it('sends a few at a time until all have arrived', async () => {
    const bench = new Bench()
    bench.queue.add(
      '/in',
      Array.from({ length: 20 }, (_, index) => file(`f${index}`)),
    )
    await bench.ended()
    expect(bench.arrived).toHaveLength(20)
    expect(bench.most).toBe(3)
    expect(bench.queue.totals()).toMatchObject({
      count: 20,
      ended: 20,
      failed: 0,
      sizeBytes: 200,
      sentBytes: 200,
    })
  })

  it('makes each folder once, and those that are empty', async () => {
    const bench = new Bench()
    const inside = (...names: string[]): Picked => ({ ...file(names.at(-1) ?? ''), names })
    bench.queue.add('/in', [
      inside('a', 'b', '1'),
      inside('a', 'b', '2'),
      inside('a', '3'),
      { names: ['empty'] },
    ])
    await bench.ended()
    expect(bench.folders.toSorted()).toEqual(['/in/a', '/in/a/b', '/in/empty'])
    expect(bench.sent.toSorted()).toEqual(['/in/a/3', '/in/a/b/1', '/in/a/b/2'])
  })

  it('refuses names that cannot be without asking the node, and says which', async () => {
    const bench = new Bench()
    const long = 'é'.repeat(130)
    bench.queue.add('/in', [file('good'), { ...file('x'), names: [long, 'x'] }])
    await bench.ended()
    expect(bench.sent).toEqual(['/in/good'])
    expect(bench.queue.items[1]).toMatchObject({
      state: 'failed',
      nameFault: { name: long, fault: 'tooLong' },
    })
    bench.queue.retry(bench.queue.items[1] as UploadItem)
    expect(bench.queue.items[1]?.state).toBe('failed')
  })

  it('tries a lost connection again for as long as it takes', async () => {
    const bench = new Bench()
    let left = 30
    bench.send = async () => {
      if (left-- > 0) throw lost()
    }
    bench.queue.add('/', [file('a')])
    await bench.ended()
    expect(bench.arrived).toEqual(['/a'])
    // Waits grow up to half a minute.
    expect(bench.nowMs).toBeGreaterThan(20 * 30_000)
  })

  it('gives up after some tries at a node that answers, and goes again when told to', async () => {
    const bench = new Bench()
    bench.send = async () => {
      throw problem(503)
    }
    bench.queue.add('/', [file('a')])
    await bench.ended()
    expect(bench.queue.items[0]).toMatchObject({ state: 'failed', error: { status: 503 } })
    bench.send = async () => undefined
    bench.queue.retry(bench.queue.items[0] as UploadItem)
    await bench.ended()
    expect(bench.arrived).toEqual(['/a'])
  })

  it('does not try again what is refused for good', async () => {
    const bench = new Bench()
    bench.send = async () => {
      throw problem(507, 'QUOTA_EXCEEDED')
    }
    bench.queue.add('/', [file('a')])
    await bench.ended()
    expect(bench.sent).toHaveLength(1)
    expect(stateOf(bench, 'a')).toBe('failed')
  })

  it('waits when the session has ended, and goes on after signing in', async () => {
    const bench = new Bench()
    let isKnown = false
    bench.send = async () => {
      if (!isKnown) throw problem(401)
    }
    bench.queue.add('/', [file('a'), file('b'), file('c'), file('d')])
    await bench.until(() => bench.queue.items.every(({ state }) => state === 'waiting'))
    expect(bench.signedOut).toBeGreaterThan(0)
    expect(bench.queue.isActive).toBe(true)
    isKnown = true
    bench.queue.release('session')
    await bench.ended()
    expect(bench.arrived.toSorted()).toEqual(['/a', '/b', '/c', '/d'])
  })

  it('keeps both under the first number that is free', async () => {
    const bench = new Bench()
    bench.answer = { choice: 'both', forAll: false }
    const taken = new Set(['/a.txt', '/a (2).txt'])
    bench.send = async ({ path }) => {
      if (taken.has(path)) throw problem(412)
    }
    bench.queue.add('/', [file('a.txt')])
    await bench.ended()
    expect(bench.asked).toEqual(['/a.txt'])
    expect(bench.arrived).toEqual(['/a (3).txt'])
  })

  it('replaces or skips, and asks once when the answer is for all', async () => {
    const bench = new Bench()
    bench.answer = { choice: 'replace', forAll: true }
    bench.send = async ({ overwrite }) => {
      if (!overwrite) throw problem(412)
    }
    bench.queue.add('/', [file('a')])
    await bench.ended()
    bench.queue.add('/', [file('b')])
    await bench.ended()
    // Another choice of files is another question.
    expect(bench.asked).toEqual(['/a', '/b'])
    bench.answer = { choice: 'skip', forAll: false }
    bench.queue.add('/', [file('c')])
    await bench.ended()
    expect(stateOf(bench, 'c')).toBe('skipped')
    expect(bench.arrived).toEqual(['/a', '/b'])
  })

  it('stops one that is cancelled, and pauses and goes on with another', async () => {
    const bench = new Bench()
    bench.send = (item, signal) =>
      item.tries === 0 && !item.overwrite
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        : Promise.resolve()
    bench.queue.add('/', [file('a'), file('b')])
    const [a, b] = bench.queue.items as [UploadItem, UploadItem]
    await bench.until(() => a.state === 'running' && b.state === 'running')
    bench.queue.cancel(a)
    bench.queue.pause(b)
    await bench.until(() => b.state === 'paused')
    expect(a.state).toBe('canceled')
    expect(bench.queue.isActive).toBe(true)
    b.overwrite = true
    bench.queue.resume(b)
    await bench.ended()
    expect(bench.arrived).toEqual(['/b'])
    expect(ENDED.has(a.state)).toBe(true)
  })

  it('holds everything while somebody pauses it', async () => {
    const bench = new Bench()
    bench.queue.hold('person')
    bench.queue.add('/', [file('a')])
    expect(bench.sent).toEqual([])
    bench.queue.release('person')
    await bench.ended()
    expect(bench.arrived).toEqual(['/a'])
  })

  it('tells how long no byte has gone', async () => {
    const bench = new Bench()
    bench.send = () => new Promise(() => undefined)
    bench.queue.add('/', [file('a')])
    await bench.until(() => bench.queue.items[0]?.state === 'running')
    bench.nowMs += 4_000
    expect(bench.queue.totals().stalledMs).toBeUndefined()
    bench.nowMs += 4_000
    expect(bench.queue.totals().stalledMs).toBe(8_000)
  })
})

describe('what a failed upload means', () => {
  it.each([
    [lost(), 'retry'],
    [problem(503), 'retry'],
    [problem(423), 'retry'],
    [problem(0), 'retry'],
    [problem(412), 'conflict'],
    [problem(401), 'signedOut'],
    [problem(403, 'CSRF_TOKEN'), 'signedOut'],
    [problem(403), 'failed'],
    [problem(413), 'failed'],
    [problem(507), 'failed'],
    [new Error('unreadable'), 'failed'],
  ])('%s: %s', (error, kind) => {
    expect(judge(error, 0).kind).toBe(kind)
  })

  it('waits as long as the node says', () => {
    const busy = new ApiProblem({ status: 503, code: 'BUSY', detail: '', retryAfterSeconds: 90 })
    expect(judge(busy, 0)).toEqual({ kind: 'retry', afterMs: 90_000 })
  })
})

describe('the rate of uploads', () => {
  it('is that of the last ten seconds', () => {
    const meter = new RateMeter(0)
    for (let second = 1; second <= 20; second++) meter.add(second <= 10 ? 1_000 : 3_000, second * 1_000)
    expect(meter.rate(20_000)).toBe(3_000)
    expect(meter.rate(25_000)).toBe(1_500)
    expect(meter.rate(60_000)).toBe(0)
  })

  it('is not overstated in the first moment', () => {
    const meter = new RateMeter(0)
    meter.add(1_000, 10)
    expect(meter.rate(10)).toBe(1_000)
  })
})

describe('what an item of the queue has begun', () => {
  it('is its own until it is done, has failed for good, or is called off', async () => {
    const bench = new Bench()
    const stopped = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    bench.send = async ({ path }, signal) => {
      if (path === '/in/bad') throw problem(403)
      if (path !== '/in/good') await stopped(signal)
    }
    bench.queue.add('/in', [file('good'), file('bad'), file('slow'), file('other')])
    const slow = bench.queue.items[2] as UploadItem
    await expect.poll(() => bench.sent).toContain('/in/other')
    expect(bench.letGo.toSorted()).toEqual(['/in/bad failed', '/in/good done'])
    bench.queue.pause(slow)
    bench.queue.hold('person')
    bench.queue.release('person')
    await expect.poll(() => bench.sent.filter((path) => path === '/in/other')).toHaveLength(2)
    expect(bench.letGo).toHaveLength(2)
    bench.queue.cancelAll()
    await expect.poll(() => bench.letGo).toHaveLength(4)
    expect(bench.letGo.slice(2).toSorted()).toEqual(['/in/other canceled', '/in/slow canceled'])
  })
})

describe('pieces of a large file', () => {
  it('follow each other to the end, and never are too many', () => {
    const MiB = 1024 * 1024
    expect(nextPiece(0, 100 * MiB)).toEqual({ start: 0, end: 16 * MiB })
    expect(nextPiece(96 * MiB, 100 * MiB)).toEqual({ start: 96 * MiB, end: 100 * MiB })
    // The rest of what was interrupted, so that the next piece begins where it would have.
    expect(nextPiece(40 * MiB, 100 * MiB)).toEqual({ start: 40 * MiB, end: 48 * MiB })
    const huge = 2 * 1024 * 1024 * MiB
    expect(huge / nextPiece(0, huge).end).toBeLessThanOrEqual(8_000)
  })

  it('are announced with names in any script', () => {
    const [, value = ''] = tusMetadata({ filename: '🦊 é.txt' }).split(' ')
    expect(Buffer.from(value, 'base64').toString()).toBe('🦊 é.txt')
  })
})
