import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { ApiProblem, type Body, createClient, NetworkProblem } from '../../src/client/client.ts'
import type { Share, Transfer } from '../../src/client/operations.ts'

describe('the client of the API', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let baseUrl: string
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => asked.splice(0))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const json = (status: number, body: unknown, headers: Record<string, string> = {}) => {
    answer = (_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
      response.end(body === undefined ? '' : JSON.stringify(body))
    }
  }

  it('has a method for each operation, typed by the schemas of its route', () => {
    const client = createClient({ baseUrl })
    expectTypeOf(client.getTransfer).returns.resolves.toEqualTypeOf<Transfer>()
    expectTypeOf<Body<'createShare'>>().toHaveProperty('path')
    expectTypeOf(client.listShares).returns.resolves.toHaveProperty('items').toEqualTypeOf<Share[]>()
    expect(typeof client.listTransfers).toBe('function')
  })

  it('encodes what it puts into the address and leaves out what is not given', async () => {
    json(200, { items: [] })
    await createClient({ baseUrl }).listTransferFiles({
      params: { id: 'a/b?c' },
      query: { limit: 5, state: undefined, cursor: 'x&y' },
    })
    expect(asked).toEqual(['GET /api/v1/transfers/a%2Fb%3Fc/files?limit=5&cursor=x%26y'])
  })

  it('sends body, headers and a key for repeats', async () => {
    let seen: { type?: string | undefined; key?: unknown; from?: unknown; body: string } = { body: '' }
    answer = async (request, response) => {
      const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>)
      const { headers } = request
      seen = {
        type: headers['content-type'],
        key: headers['idempotency-key'],
        from: headers['x-from'],
        body: Buffer.concat(chunks).toString(),
      }
      response.writeHead(204).end()
    }
    const client = createClient({ baseUrl, headers: () => ({ 'X-From': 'test' }) })
    const answered = await client.changePassword({ body: { current: 'a', new: 'b' }, idempotencyKey: 'k' })
    expect(answered).toBeUndefined()
    expect(seen).toEqual({
      type: 'application/json',
      key: 'k',
      from: 'test',
      body: '{"current":"a","new":"b"}',
    })
  })

  it('tells everything that a refusal says', async () => {
    const errors = [{ field: 'path', message: 'is missing' }]
    json(
      429,
      { title: 'Too often', status: 429, code: 'TOO_MANY', detail: 'Wait.', requestId: 'r1', errors },
      { 'Retry-After': '7' },
    )
    const problem = await createClient({ baseUrl })
      .getMe()
      .catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(ApiProblem)
    expect(problem).toMatchObject({
      status: 429,
      code: 'TOO_MANY',
      detail: 'Wait.',
      requestId: 'r1',
      fields: errors,
      retryAfterSeconds: 7,
    })
  })

  it('makes something readable of a refusal that is no problem document', async () => {
    answer = (_, response) => void response.writeHead(502, { 'X-Request-Id': 'r2' }).end('<html>')
    await expect(createClient({ baseUrl }).getMe()).rejects.toMatchObject({
      name: 'ApiProblem',
      code: 'HTTP_502',
      requestId: 'r2',
    })
  })

  it.each([
    ['a redirect', 302, 'x', 'REDIRECTED'],
    ['a page', 200, '<html>', 'BAD_ANSWER'],
    ['silence', 200, '', 'BAD_ANSWER'],
  ])('takes %s for no answer of a node', async (_, status, text, code) => {
    answer = (_request, response) =>
      void response.writeHead(status, { Location: 'https://login.example/' }).end(text)
    await expect(createClient({ baseUrl }).getMe()).rejects.toMatchObject({ name: 'ApiProblem', code })
  })

  it('tells a node that cannot be reached from one that refuses, and both from a call that was ended', async () => {
    answer = (request) => void request.socket.destroy()
    const unreachable = await createClient({ baseUrl })
      .getMe()
      .catch((error: unknown) => error)
    expect(unreachable).toBeInstanceOf(NetworkProblem)
    expect(unreachable).toMatchObject({ code: 'UNREACHABLE' })
    answer = () => undefined
    await expect(createClient({ baseUrl }).getMe({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    const ended = new AbortController()
    const call = createClient({ baseUrl }).getMe({ signal: ended.signal })
    ended.abort()
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('ends with the signal it was made with, too', async () => {
    answer = () => undefined
    const ended = new AbortController()
    const call = createClient({ baseUrl, signal: ended.signal }).getMe({
      signal: new AbortController().signal,
    })
    ended.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })

  it('calls the node by the name it was given', async () => {
    answer = (_, response) => void response.writeHead(502).end('<html>')
    await expect(createClient({ baseUrl, name: 'leiden' }).getMe()).rejects.toThrow(
      'leiden answered 502 Bad Gateway.',
    )
  })

  it('reads a list page after page', async () => {
    answer = (request, response) => {
      const cursor = new URL(request.url ?? '', baseUrl).searchParams.get('cursor')
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(cursor === null ? { items: [1], nextCursor: 'n' } : { items: [2] }))
    }
    const items: unknown[] = []
    const pages = createClient({ baseUrl }).pages('listTransfers', { query: { limit: 1 } })
    for await (const page of pages) items.push(...page.items)
    expect(items).toEqual([1, 2])
    expect(asked).toEqual(['GET /api/v1/transfers?limit=1', 'GET /api/v1/transfers?limit=1&cursor=n'])
  })

  it('throws what it is told to make of an error', async () => {
    json(404, { code: 'NOT_FOUND', detail: 'There is none.' })
    const client = createClient({ baseUrl, toError: (problem) => new Error(`mine: ${problem.message}`) })
    await expect(client.getMe()).rejects.toThrow('mine: There is none.')
  })
})
