import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Outbound, OutboundRequest } from '../../src/platform/outbound.ts'
import { provenRequest } from '../../src/transfers/executors/proven-request.ts'

/** A server that lets in whoever shows one of these. */
function serverFor(good: string[]) {
  const asked: (string | undefined)[] = []
  const request = async ({ headers }: OutboundRequest) => {
    asked.push(headers?.Authorization)
    const status = good.includes(headers?.Authorization ?? '') ? 200 : 401
    return { status, headers: {}, body: Readable.from(['x']) }
  }
  return { asked, outbound: { request } as unknown as Outbound }
}

const read = { source: { path: ['a'] }, expected: {}, signal: new AbortController().signal } as never

/** Credentials that become the next one when they are renewed. */
function sourceOf(shown: string[], canRenew = true) {
  let at = 0
  const credentials = {
    headers: async () => ({ Authorization: shown[at] ?? '' }),
    renew: async () => {
      at++
      return canRenew
    },
  }
  return { label: 'foreign.test', urlOf: () => 'https://foreign.test/a', credentials }
}

describe('a request for the bytes of a source', () => {
  it('is made once more with a new proof when the first has run out', async () => {
    const { asked, outbound } = serverFor(['new'])
    const answer = await provenRequest(outbound, read, sourceOf(['old', 'new']), { Range: 'bytes=0-1' })
    expect([answer.status, asked]).toEqual([200, ['old', 'new']])
  })

  it('is not made a third time', async () => {
    const { asked, outbound } = serverFor([])
    const answer = await provenRequest(outbound, read, sourceOf(['old', 'new', 'newer']), {})
    expect([answer.status, asked]).toEqual([401, ['old', 'new']])
  })

  it('is not made again when there is no other proof', async () => {
    const { asked, outbound } = serverFor([])
    expect((await provenRequest(outbound, read, sourceOf(['old'], false), {})).status).toBe(401)
    const { renew: _, ...fixed } = sourceOf(['old']).credentials
    await provenRequest(outbound, read, { ...sourceOf(['old']), credentials: fixed }, {})
    expect(asked).toEqual(['old', 'old'])
  })
})
