import { describe, expect, it } from 'vitest'
import { oneAtATime } from '../../src/web/ui/one-at-a-time.ts'

/** Work that ends when the test says. */
function heldWork() {
  const turns: PromiseWithResolvers<void>[] = []
  const run = oneAtATime(() => {
    const turn = Promise.withResolvers<void>()
    turns.push(turn)
    return turn.promise
  })
  return { turns, run }
}

describe('work that is done one at a time', () => {
  it('is done once more for all who asked while it went on', async () => {
    const { turns, run } = heldWork()
    const first = run()
    const others = [run(), run(), run()]
    expect(turns).toHaveLength(1)
    turns[0]?.resolve()
    await first
    await expect.poll(() => turns).toHaveLength(2)
    turns[1]?.resolve()
    await Promise.all(others)
    expect(turns).toHaveLength(2)
    void run()
    expect(turns).toHaveLength(3)
  })

  it('goes on after a failure', async () => {
    const { turns, run } = heldWork()
    const first = run()
    const second = run()
    turns[0]?.reject(new Error('no'))
    await expect(first).rejects.toThrow('no')
    await expect.poll(() => turns).toHaveLength(2)
    turns[1]?.resolve()
    await second
  })
})
