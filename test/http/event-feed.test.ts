import { describe, expect, it } from 'vitest'
import { EventFeed, type FeedEvent } from '../../src/http/event-feed.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { EventBus } from '../../src/platform/events.ts'

function createRig() {
  const waits: (() => void)[] = []
  const clock: Clock = {
    nowMs: () => 0,
    wait: (_, signal) =>
      new Promise((resolve, reject) => {
        waits.push(resolve)
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
  }
  const events = new EventBus()
  const stop = new AbortController()
  const feed = new EventFeed({ events, clock, stopping: stop.signal })
  const seen: FeedEvent[] = []
  feed.read('ann', (event) => seen.push(event))
  const data = () => seen.map((event) => event.data)
  const transfer = (snapshot: unknown, jobId = 'j') =>
    events.publish('transfer', { userId: 'ann', jobId, snapshot })
  const passHalfSecond = async () => {
    for (const resolve of waits.splice(0)) resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { events, feed, seen, data, transfer, passHalfSecond, stop, waits }
}

describe('the feed of events', () => {
  it('tells the first state of a transfer at once, then the newest twice a second, and never without the last', async () => {
    const { data, transfer, passHalfSecond } = createRig()
    for (const snapshot of [1, 2, 3]) transfer(snapshot)
    transfer('other', 'k')
    expect(data()).toEqual([1, 'other'])
    await passHalfSecond()
    expect(data()).toEqual([1, 'other', 3])
    transfer(4)
    expect(data()).toEqual([1, 'other', 3])
    await passHalfSecond()
    expect(data()).toEqual([1, 'other', 3, 4])
    await passHalfSecond()
    transfer(5)
    expect(data()).toEqual([1, 'other', 3, 4, 5])
  })

  it('does not hold back the last state when the node stops', async () => {
    const { data, transfer, stop } = createRig()
    transfer(1)
    transfer(2)
    stop.abort()
    await expect.poll(data).toEqual([1, 2])
  })

  it('forgets the pace of a transfer that nothing comes of any more', async () => {
    const { transfer, passHalfSecond, waits } = createRig()
    transfer(1)
    await passHalfSecond()
    expect(waits).toEqual([])
  })

  it('gives back what came after an id, of the same user only', () => {
    const { events, feed, seen } = createRig()
    const start = feed.lastId
    events.publish('contact', { userId: 'ann', contactId: '1' })
    events.publish('contact', { userId: 'ben', contactId: '2' })
    events.publish('share', { userId: 'ann', shareId: '3', state: 'pending' })
    expect(seen.map(({ data }) => data)).toEqual([{ contactId: '1' }, { shareId: '3', state: 'pending' }])
    expect(feed.since(start, 'ann')).toEqual(seen)
    expect(feed.since(seen[0]?.id ?? '', 'ann')).toEqual(seen.slice(1))
    expect(feed.since(feed.lastId, 'ann')).toEqual([])
  })

  it.each([
    ['of another process', (id: string) => id.replace(/^[^.]*/, 'elsewhere')],
    ['of the future', (id: string) => id.replace(/\d+$/, '99')],
    ['that is none', () => 'x'],
    ['with a negative number', (id: string) => id.replace(/\.\d+$/, '.-1')],
  ])('knows nothing of an id %s', (_, change) => {
    const { feed } = createRig()
    expect(feed.since(change(feed.lastId), 'ann')).toBeUndefined()
  })

  it('knows nothing of what is too long ago', () => {
    const { events, feed } = createRig()
    const start = feed.lastId
    for (let at = 0; at < 2_000; at += 1) events.publish('activity', { userId: 'ann' })
    expect(feed.since(start, 'ann')).toHaveLength(2_000)
    events.publish('activity', { userId: 'ann' })
    expect(feed.since(start, 'ann')).toBeUndefined()
  })

  it('tells everybody of a gap, also those who come back later', () => {
    const { events, feed, seen } = createRig()
    const start = feed.lastId
    events.publish('gap', {})
    expect(seen.map(({ name }) => name)).toEqual(['gap'])
    expect(feed.since(start, 'ann')).toBeUndefined()
    expect(feed.since(seen[0]?.id ?? '', 'ann')).toEqual([])
  })

  it('tells nothing to who has stopped reading', () => {
    const { events, feed } = createRig()
    const heard: FeedEvent[] = []
    const stop = feed.read('ben', (event) => heard.push(event))
    stop()
    events.publish('activity', { userId: 'ben' })
    expect(heard).toEqual([])
  })
})
