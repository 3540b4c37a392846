import { expect, it } from 'vitest'
import { type Api, createApi, openEvents } from '../../src/cli/api.ts'
import { listAll } from '../../src/client/client.ts'
import { type Handler, readBody, sendJson, startServer } from './support/http-server.ts'

async function apiFor(handler: Handler): Promise<Api> {
  const { url } = await startServer(handler)
  return createApi({ url, user: 'ann', authorization: 'Basic YW5uOng=' })
}

it('sends JSON with the login and reads JSON back', async () => {
  const api = await apiFor(async (request, response) => {
    const body = (await readBody(request)).toString()
    sendJson(response, 201, {
      url: request.url,
      method: request.method,
      auth: request.headers.authorization,
      body,
    })
  })
  expect(await api.createShare({ body: { path: '/ä', role: 'viewer', note: undefined } })).toEqual({
    url: '/api/v1/shares',
    method: 'POST',
    auth: 'Basic YW5uOng=',
    body: '{"path":"/ä","role":"viewer"}',
  })
})

it('collects all pages of a list, or no more than asked for', async () => {
  const seen: string[] = []
  const api = await apiFor((request, response) => {
    seen.push(request.url ?? '')
    const cursor = new URL(request.url ?? '', 'http://x').searchParams.get('cursor')
    sendJson(response, 200, cursor === null ? { items: [1, 2], nextCursor: 'n&2' } : { items: [3] })
  })
  const query = { state: undefined, limit: 2 }
  expect(await listAll(api.pages('listTransfers', { query }))).toEqual([1, 2, 3])
  const urls = ['/api/v1/transfers?limit=2', '/api/v1/transfers?limit=2&cursor=n%262']
  expect(seen).toEqual(urls)
  expect(await listAll(api.pages('listTransfers', { query }), 1)).toEqual([1])
  expect(seen).toEqual([...urls, urls[0]])
})

const never = new AbortController().signal

it.each([
  [
    404,
    { title: 'Not Found', detail: 'There is no share 7.', code: 'NOT_FOUND' },
    'NOT_FOUND',
    'There is no share 7.',
  ],
  [409, { title: 'Conflict' }, 'HTTP_409', 'Conflict.'],
  [401, { detail: 'Who are you?' }, 'HTTP_401', 'Who are you? Log in again with "causeway login".'],
  [
    400,
    { detail: 'Wrong.', code: 'INVALID', errors: [{ field: 'path', message: 'too short' }] },
    'INVALID',
    'Wrong.\n  path: too short',
  ],
])('turns problem+json with %i into one sentence, of an operation and of the events', async (...row) => {
  const [status, problem, code, message] = row
  const api = await apiFor((_request, response) => sendJson(response, status, problem))
  const expected = { status, code, message, exitCode: 1 }
  await expect(api.getMe()).rejects.toMatchObject(expected)
  await expect(openEvents(api.connection, never)).rejects.toMatchObject(expected)
})

it('says so when the answer is no problem+json, no JSON, or a redirect', async () => {
  const api = await apiFor((request, response) => {
    if (request.url === '/api/v1/shares/broken') response.writeHead(500).end('<html>')
    else if (request.url === '/api/v1/shares/moved')
      response.writeHead(302, { Location: 'https://other.example/' }).end()
    else if (request.url === '/api/v1/shares/busy') response.writeHead(503, { 'Retry-After': '7' }).end()
    else response.end(request.url === '/api/v1/shares/html' ? '<html>' : '')
  })
  const { host } = new URL(api.connection.url)
  const ask = (id: string) => api.getShare({ params: { id } }).catch((error: unknown) => error)
  expect(await ask('broken')).toMatchObject({
    code: 'HTTP_500',
    message: `${host} answered 500 Internal Server Error.`,
  })
  expect(await ask('busy')).toMatchObject({ status: 503, retryAfterMs: 7000 })
  expect(await ask('moved')).toMatchObject({
    code: 'REDIRECTED',
    status: 302,
    message: `${host} redirects to https://other.example/; log in with that address.`,
  })
  const noJson = {
    code: 'BAD_ANSWER',
    status: undefined,
    message: `${host} answered something that is not JSON; is it a Causeway node?`,
  }
  expect(await ask('html')).toMatchObject(noJson)
  expect(await ask('silent')).toMatchObject(noJson)
})

it('names the host and a remedy when nobody listens', async () => {
  const server = await startServer(() => undefined)
  await server.close()
  const api = createApi({ url: server.url, user: 'ann', authorization: 'x' })
  await expect(api.getMe()).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: `Cannot reach 127.0.0.1:${server.port}: nothing listens there; is the node running?`,
  })
})

it('ends with its signal', async () => {
  const { url } = await startServer(() => undefined)
  const abort = new AbortController()
  const asked = createApi({ url, user: 'ann', authorization: 'x' }, abort.signal).getMe()
  abort.abort()
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
})
