import { describe, expect, it } from 'vitest'
import { Throttle } from '../../../src/transfers/scheduling/throttle.ts'
import { FakeClock } from '../support/fake-clock.ts'

const KIB = 1024

/** Lets everything run that does not wait for the clock. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

async function pass(clock: FakeClock, ms: number, stepMs = 10): Promise<void> {
  for (let elapsed = 0; elapsed < ms; elapsed += stepMs) {
    await settle()
    clock.advance(stepMs)
  }
  await settle()
}

async function* chunks(sizeBytes: number, count = Number.MAX_SAFE_INTEGER): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Buffer.alloc(sizeBytes, n % 256)
}

/** Reads on and on; tells how much came so far. */
function reader(throttle: Throttle, sizeBytes: number, signal?: AbortSignal) {
  const seen = { bytes: 0, error: undefined as unknown }
  const read = async () => {
    for await (const piece of throttle.limit(chunks(sizeBytes), signal)) seen.bytes += piece.length
  }
  void read().catch((error) => {
    seen.error = error
  })
  return seen
}

describe('a throttle', () => {
  it('lets so many bytes per second through, and no more than a burst at once', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: 1000 * KIB })
    const seen = reader(throttle, 64 * KIB)
    await settle()
    expect(seen.bytes).toBeLessThanOrEqual(100 * KIB)
    await pass(clock, 10_000)
    expect(seen.bytes / KIB).toBeGreaterThan(9_800)
    expect(seen.bytes / KIB).toBeLessThanOrEqual(10_100)
  })

  it('divides it evenly among streams, whatever the size of their chunks', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: 1000 * KIB })
    const seen = [16, 64, 1024].map((size) => reader(throttle, size * KIB))
    await pass(clock, 10_000)
    const total = seen.reduce((sum, one) => sum + one.bytes, 0)
    expect(total / KIB).toBeLessThanOrEqual(10_100)
    for (const one of seen) {
      expect(one.bytes).toBeGreaterThan(total / 3 - 300 * KIB)
      expect(one.bytes).toBeLessThan(total / 3 + 300 * KIB)
    }
  })

  it('changes nothing about bytes and order', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: 300_000 })
    const got: Uint8Array[] = []
    const read = async () => {
      for await (const piece of throttle.limit(chunks(100_000, 7))) got.push(piece)
    }
    const done = read()
    await pass(clock, 3000)
    await done
    const sent: Uint8Array[] = []
    for await (const chunk of chunks(100_000, 7)) sent.push(chunk)
    expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true)
  })

  it('gives a slow stream small pieces, so that it does not look stalled', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: KIB, burstBytes: 1 })
    const seen = reader(throttle, 64 * KIB)
    await pass(clock, 1000)
    expect(seen.bytes).toBeGreaterThan(700)
    expect(seen.bytes).toBeLessThanOrEqual(KIB + 256)
  })

  it('holds back nobody without a limit, and lets a new limit count at once', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: 1 })
    const waits = throttle.take(1_000_000)
    await settle()
    expect(throttle.isBinding).toBe(true)
    throttle.setLimit(undefined)
    await waits
    expect(throttle.isBinding).toBe(false)
    await throttle.take(1e12)
    throttle.setLimit(100 * KIB)
    const seen = reader(throttle, 10 * KIB)
    await pass(clock, 5000)
    expect(seen.bytes / KIB).toBeGreaterThan(450)
    expect(seen.bytes / KIB).toBeLessThanOrEqual(520)
  })

  it('ends the wait of one stream when its signal aborts, and leaves its bytes to the others', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: 1000 * KIB })
    const abort = new AbortController()
    const gone = reader(throttle, 256 * KIB, abort.signal)
    const stays = reader(throttle, 256 * KIB)
    await pass(clock, 1000)
    abort.abort(new Error('cancelled'))
    await settle()
    expect(gone.error).toEqual(new Error('cancelled'))
    const before = stays.bytes
    await pass(clock, 5000)
    expect((stays.bytes - before) / KIB).toBeGreaterThan(4_500)
    await expect(throttle.take(1, abort.signal)).rejects.toThrow('cancelled')
  })

  it('goes on when the clock is set back', async () => {
    const clock = new FakeClock()
    const throttle = new Throttle({ clock, bytesPerSecond: 1000 * KIB })
    const seen = reader(throttle, 64 * KIB)
    await pass(clock, 1000)
    clock.setBack(3600_000)
    const before = seen.bytes
    await pass(clock, 2000)
    expect((seen.bytes - before) / KIB).toBeGreaterThan(1_800)
  })
})
