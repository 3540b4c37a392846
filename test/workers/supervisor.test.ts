import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/platform/log.ts'
import type { FromWorker, ToWorker } from '../../src/platform/workers/messages.ts'
import { restartWaitMs } from '../../src/platform/workers/restart-wait.ts'
import { Supervisor } from '../../src/platform/workers/supervisor.ts'
import type { WorkerProcess } from '../../src/platform/workers/worker-process.ts'

/** A worker of the test: it does what it is told, and ends when it is told. */
class Hand implements WorkerProcess {
  readonly pid = 1
  readonly told: ToWorker[] = []
  readonly number: number
  private readonly end = Promise.withResolvers<string>()
  readonly ended = this.end.promise
  private listener: (message: FromWorker) => void = () => undefined
  isObedient = true

  constructor(number: number) {
    this.number = number
  }

  onMessage(listener: (message: FromWorker) => void): void {
    this.listener = listener
  }

  send(message: ToWorker): void {
    this.told.push(message)
    if (message.kind === 'lead') this.say({ kind: 'leading' })
    if (message.kind === 'stop' && this.isObedient) this.die('code 0')
  }

  say(message: FromWorker): void {
    this.listener(message)
  }

  ready(): void {
    this.say({ kind: 'ready', url: 'http://here' })
  }

  die(how: string): void {
    this.end.resolve(how)
  }

  kill(): void {
    this.die('signal SIGKILL')
  }

  heard(kind: ToWorker['kind']): number {
    return this.told.filter((message) => message.kind === kind).length
  }
}

/** Time stands still unless a wait moves it: every wait is over at once, and noted. */
function workshop(count: number, settings: { isSlowToStop?: boolean } = {}) {
  const hands: Hand[] = []
  const waits: number[] = []
  let nowMs = 0
  const supervisor = new Supervisor({
    count,
    patienceMs: 5,
    log: createLogger('silent'),
    clock: {
      nowMs: () => nowMs,
      wait: (ms, signal) => {
        waits.push(ms)
        if (ms === 5 && settings.isSlowToStop !== true) {
          return new Promise((_, reject) => signal?.addEventListener('abort', reject))
        }
        return Promise.resolve()
      },
    },
    launch: (number) => {
      const hand = new Hand(number)
      hands.push(hand)
      return hand
    },
  })
  const later = (ms: number) => {
    nowMs += ms
  }
  return { hands, waits, supervisor, later }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('the primary of a node', () => {
  it('is ready when all workers are, and gives the background work to one', async () => {
    const { hands, supervisor } = workshop(3)
    const started = supervisor.start()
    hands[1]?.ready()
    hands[2]?.ready()
    expect(supervisor.isComplete).toBe(false)
    hands[0]?.ready()
    expect(await started).toBe('http://here')
    expect(hands.map((hand) => hand.heard('lead'))).toEqual([0, 1, 0])
    await supervisor.stop()
    await expect(supervisor.stopped).resolves.toBeUndefined()
  })

  it('starts another for one that dies, and hands its work on at once', async () => {
    const { hands, supervisor, waits, later } = workshop(2)
    const started = supervisor.start()
    for (const hand of hands) hand.ready()
    await started
    later(100_000)
    hands[0]?.die('signal SIGKILL')
    await settle()
    expect(hands[1]?.heard('lead')).toBe(1)
    expect(hands[1]?.told).toContainEqual({ kind: 'event', name: 'gap', event: {} })
    expect(hands[2]).toMatchObject({ number: 1 })
    expect(supervisor.isComplete).toBe(false)
    hands[2]?.ready()
    expect(supervisor.isComplete).toBe(true)
    expect(hands[2]?.heard('lead')).toBe(0)
    expect(waits).toEqual([0])
    await supervisor.stop()
  })

  it('waits longer and longer for one that dies soon, and gives up when none gets ready', async () => {
    const { hands, supervisor, waits } = workshop(1)
    const started = supervisor.start()
    started.catch(() => undefined)
    for (let i = 0; i < 5; i++) {
      hands.at(-1)?.die('code 1')
      await settle()
      await settle()
    }
    await expect(started).rejects.toThrow('again and again before they are ready: the last one with code 1')
    await expect(supervisor.stopped).rejects.toThrow('again and again')
    expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000])
    expect(hands.length).toBe(5)
  })

  it('tells at the start of the node what a worker complains of, once', async () => {
    const { hands, supervisor } = workshop(2)
    const started = supervisor.start()
    const failure = { name: 'Error', message: 'listen EADDRINUSE', code: 'EADDRINUSE' }
    hands[1]?.say({ kind: 'failed', failure })
    hands[1]?.die('code 1')
    await expect(started).rejects.toMatchObject({ message: 'listen EADDRINUSE', code: 'EADDRINUSE' })
    expect(hands[0]?.heard('stop')).toBe(1)
    expect(hands.length).toBe(2)
  })

  it('takes what one publishes to the others', async () => {
    const { hands, supervisor } = workshop(3)
    const started = supervisor.start()
    for (const hand of hands) hand.ready()
    await started
    const event = { kind: 'event', name: 'contact', event: { userId: 'u', contactId: 'c' } } as const
    hands[0]?.say(event)
    expect(hands.map((hand) => hand.heard('event'))).toEqual([0, 1, 1])
    await supervisor.stop()
  })

  it('kills who does not stop in time', async () => {
    const { hands, supervisor } = workshop(2, { isSlowToStop: true })
    const started = supervisor.start()
    for (const hand of hands) hand.ready()
    await started
    ;(hands[1] as Hand).isObedient = false
    await supervisor.stop()
    expect(await Promise.all(hands.map((hand) => hand.ended))).toEqual(['code 0', 'signal SIGKILL'])
  })

  it('waits half a minute at most', () => {
    expect(restartWaitMs({ livedMs: 10, shortLives: 40 })).toBe(30_000)
    expect(restartWaitMs({ livedMs: 60_000, shortLives: 3 })).toBe(0)
  })
})
