import { describe, expect, it } from 'vitest'
import { tellDriveChanges } from '../../src/node-drive-news.ts'
import { EventBus } from '../../src/platform/events.ts'

function createRig() {
  const waits: (() => void)[] = []
  const events = new EventBus()
  const told: string[] = []
  events.subscribe('drive', ({ userId }) => told.push(userId))
  const stopping = new AbortController()
  const clock = {
    nowMs: () => 0,
    wait: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        waits.push(resolve)
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
  }
  const pass = async () => {
    for (const resolve of waits.splice(0)) resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { changed: tellDriveChanges({ clock, events, stopping }), told, pass, stopping }
}

describe('changes of a drive', () => {
  it('are told as one when many come at once, and again when more come later', async () => {
    const { changed, told, pass } = createRig()
    for (let n = 0; n < 1000; n++) changed('ann')
    changed('ben')
    await pass()
    expect(told).toEqual(['ann', 'ben'])
    changed('ann')
    await pass()
    expect(told).toEqual(['ann', 'ben', 'ann'])
  })

  it('are told to nobody when the node stops', async () => {
    const { changed, told, pass, stopping } = createRig()
    changed('ann')
    stopping.abort()
    await pass()
    expect(told).toEqual([])
  })
})
