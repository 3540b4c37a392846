import { describe, expect, it } from 'vitest'
import { SpeedWatch } from '../../src/transfers/speed-watch.ts'
import { FakeClock } from './support/fake-clock.ts'

const tick = () => new Promise((resolve) => setImmediate(resolve))

/** Moves so many bytes each second for a while, or until the watch ends it. */
async function move(watch: SpeedWatch, clock: FakeClock, bytesPerSecond: number, seconds: number) {
  return watch.during(async () => {
    for (let second = 0; second < seconds; second++) {
      watch.signal.throwIfAborted()
      clock.advance(1000)
      await tick()
      watch.moved(bytesPerSecond)
    }
    watch.signal.throwIfAborted()
    return 'done'
  })
}

function newWatch(minBytesPerSecond: number | undefined) {
  const clock = new FakeClock()
  const ending = new AbortController()
  return { clock, ending, watch: new SpeedWatch({ clock, minBytesPerSecond, signal: ending.signal }) }
}

describe('the watch over the speed', () => {
  it('ends what is slower than asked for over a minute, as an error of speed that is tried again', async () => {
    const { watch, clock } = newWatch(1000)
    await expect(move(watch, clock, 900, 200)).rejects.toMatchObject({
      fault: { code: 'TOO_SLOW', type: 'TRANSFER_SPEED_ERROR', temporary: true },
    })
  })

  it('lets be what is fast enough, and what is slow where nothing was asked for', async () => {
    const fast = newWatch(1000)
    expect(await move(fast.watch, fast.clock, 1100, 200)).toBe('done')
    const slow = newWatch(undefined)
    expect(await move(slow.watch, slow.clock, 1, 900)).toBe('done')
  })

  it('gives a beginning its minute', async () => {
    const { watch, clock } = newWatch(1000)
    expect(await move(watch, clock, 10, 50)).toBe('done')
  })

  it('ends what moves nothing for five minutes in any case', async () => {
    const { watch, clock } = newWatch(undefined)
    await expect(move(watch, clock, 0, 400)).rejects.toMatchObject({ fault: { code: 'STALLED' } })
  })

  it('leaves the reason to who ended it from outside', async () => {
    const { watch, clock, ending } = newWatch(1000)
    const moving = move(watch, clock, 2000, 1_000_000)
    ending.abort(new Error('by its user'))
    await expect(moving).rejects.toThrow('by its user')
  })
})
