import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { eventStream } from '../../src/http/sse.ts'
import { UnauthenticatedError } from '../../src/platform/errors.ts'
import { EventBus } from '../../src/platform/events.ts'

describe('a stream of events', () => {
  it('ends soon after the password it was opened with was revoked', async () => {
    let isRevoked = false
    const beats: (() => void)[] = []
    const clock = {
      nowMs: () => 0,
      wait: (_: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          beats.push(resolve)
          signal?.addEventListener('abort', () => resolve())
        }),
    }
    const identify = async () => {
      if (isRevoked) throw new UnauthenticatedError('The password was revoked.')
      return { userId: 'u', userName: 'ann', isAdmin: false, via: 'app-password' as const }
    }
    const stopping = new AbortController().signal
    const app = new Koa().use(eventStream({ events: new EventBus(), clock, identify, stopping }))
    const server = createServer(app.callback()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/events`)
    const reader = (answer.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader()
    expect((await reader.read()).value).toContain('connected')
    beats.shift()?.()
    expect((await reader.read()).value).toContain('still here')
    isRevoked = true
    await expect.poll(() => beats.length).toBe(1)
    beats.shift()?.()
    expect((await reader.read()).done).toBe(true)
    server.close()
  })
})
