import { describe, expect, it } from 'vitest'
import { abortable } from '../../src/store/local/abortable.ts'

const MIB = 1024 * 1024

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(MIB, i)
}

describe('a source that can be aborted', () => {
  it('keeps nothing of what has passed, however long the signal lives', async () => {
    const { signal } = new AbortController()
    const before = process.memoryUsage().arrayBuffers
    let mostBytes = 0
    for await (const chunk of abortable(chunks(512), signal)) {
      expect(chunk.length).toBe(MIB)
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - before)
    }
    expect(mostBytes).toBeLessThan(256 * MIB)
  })

  it('rejects at once with the reason while the source is silent, and lets the source go', async () => {
    const abort = new AbortController()
    const reason = new Error('the client left')
    let isReturned = false
    const silent: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          isReturned = true
          return { done: true, value: undefined }
        },
      }),
    }
    const next = abortable(silent, abort.signal).next()
    abort.abort(reason)
    await expect(next).rejects.toBe(reason)
    expect(isReturned).toBe(true)
  })

  it('asks for nothing more when the signal aborted between two pieces', async () => {
    const abort = new AbortController()
    let asked = 0
    async function* counting() {
      while (true) yield asked++
    }
    const source = abortable(counting(), abort.signal)
    await source.next()
    abort.abort(new Error('enough'))
    await expect(source.next()).rejects.toThrow('enough')
    expect(asked).toBe(1)
  })

  it('passes on an error of the source, and its end', async () => {
    async function* failing() {
      yield 1
      throw new Error('broken off')
    }
    const { signal } = new AbortController()
    const source = abortable(failing(), signal)
    await expect(source.next()).resolves.toEqual({ done: false, value: 1 })
    await expect(source.next()).rejects.toThrow('broken off')
    await expect(source.next()).resolves.toEqual({ done: true, value: undefined })
  })
})
