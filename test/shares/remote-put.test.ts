import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/platform/errors.ts'
import type { Outbound, OutboundRequest } from '../../src/platform/outbound.ts'
import { DavClient } from '../../src/store/webdav-client/dav-client.ts'
import { writeDav } from '../../src/store/webdav-client/dav-write.ts'

interface Seen {
  method: string
  authorization: string | undefined
  body: string
}

let seen: Seen[]
/** Another server, which takes the second token only. */
const server: Pick<Outbound, 'request'> = {
  async request({ method, headers = {}, body }: OutboundRequest) {
    const bytes = body instanceof Readable ? await buffer(body) : Buffer.from(body ?? '')
    const authorization = headers.Authorization
    seen.push({ method, authorization, body: bytes.toString() })
    return { status: authorization === 't2' ? 201 : 401, headers: {}, body: Readable.from([]) }
  },
}
const client = () =>
  new DavClient({
    ...{ host: 'far.test', rootUrl: 'https://far.test/dav', outbound: server as Outbound },
    errors: {
      ofStatus: (status) => new AppError(status, 'REFUSED', 'It was refused.'),
      ofOutbound: (error) => error as AppError,
    },
    credentials: {
      get: async () => ({ header: 't1' }),
      next: async (refused) => (refused.length === 1 ? { header: 't2' } : undefined),
      worked: async () => undefined,
      isProven: () => true,
    },
  })
const write = (text: string, sizeBytes?: number) =>
  writeDav(
    client(),
    ['a.txt'],
    Readable.from([Buffer.from(text)]),
    sizeBytes === undefined ? {} : { sizeBytes },
  )

describe('an upload to another server whose token is not taken any more', () => {
  beforeEach(() => {
    seen = []
  })

  it('is made again with another one while it is small', async () => {
    const text = 'x'.repeat(64 * 1024)
    expect(await write(text, text.length)).toBe(true)
    expect(seen).toEqual([
      { method: 'PUT', authorization: 't1', body: text },
      { method: 'PUT', authorization: 't2', body: text },
    ])
  })

  it.each([
    ['it is larger', 64 * 1024 + 1, true],
    ['nobody said how long it is', 5, false],
  ])('has to be sent again by who sends it when %s', async (_, sizeBytes, isDeclared) => {
    const text = 'x'.repeat(sizeBytes)
    const sent = write(text, isDeclared ? sizeBytes : undefined)
    await expect(sent).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 })
    expect(seen).toHaveLength(1)
  })

  it('is not begun when it is shorter than was said', async () => {
    await expect(write('short', 100)).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' })
    expect(seen).toEqual([])
  })
})
