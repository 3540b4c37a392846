import { expect, it } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'
import { type Handler, readBody, sendJson, startServer } from './support/http-server.ts'

async function clientFor(handler: Handler): Promise<ApiClient> {
  const { url } = await startServer(handler)
  return new ApiClient({ url, user: 'ann', authorization: 'Basic YW5uOng=' })
}

it('sends JSON with the login and reads JSON back', async () => {
  const api = await clientFor(async (request, response) => {
    const body = (await readBody(request)).toString()
    sendJson(response, 201, {
      url: request.url,
      method: request.method,
      auth: request.headers.authorization,
      body,
    })
  })
  expect(await api.post('/shares', { path: '/ä', note: undefined })).toEqual({
    url: '/api/v1/shares',
    method: 'POST',
    auth: 'Basic YW5uOng=',
    body: '{"path":"/ä"}',
  })
})

it('collects all pages of a list, or no more than asked for', async () => {
  const seen: string[] = []
  const api = await clientFor((request, response) => {
    seen.push(request.url ?? '')
    const cursor = new URL(request.url ?? '', 'http://x').searchParams.get('cursor')
    sendJson(
      response,
      200,
      cursor === null ? { items: [1, 2], nextCursor: 'n&2' } : { items: [3], nextCursor: null },
    )
  })
  expect(await api.list('/transfers', { state: undefined, limit: 2 })).toEqual([1, 2, 3])
  expect(seen).toEqual(['/api/v1/transfers?limit=2', '/api/v1/transfers?limit=2&cursor=n%262'])
  expect(await api.list('/transfers', {}, 1)).toEqual([1])
})

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
    { detail: 'Wrong.', code: 'INVALID', fields: [{ field: 'path', message: 'too short' }] },
    'INVALID',
    'Wrong.\n  path: too short',
  ],
])('turns problem+json with %i into one sentence', async (status, problem, code, message) => {
  const api = await clientFor((_request, response) => sendJson(response, status, problem))
  await expect(api.get('/x')).rejects.toMatchObject({ status, code, message, exitCode: 1 })
})

it('says so when the answer is no problem+json, no JSON, or a redirect', async () => {
  const api = await clientFor((request, response) => {
    if (request.url === '/api/v1/broken') response.writeHead(500).end('<html>')
    else if (request.url === '/api/v1/moved')
      response.writeHead(302, { Location: 'https://other.example/' }).end()
    else response.end('<html>')
  })
  await expect(api.get('/broken')).rejects.toMatchObject({
    code: 'HTTP_500',
    message: expect.stringContaining('500'),
  })
  await expect(api.get('/moved')).rejects.toMatchObject({
    code: 'REDIRECTED',
    message: expect.stringContaining('https://other.example/'),
  })
  await expect(api.get('/html')).rejects.toMatchObject({ code: 'BAD_ANSWER' })
})

it('names the host and a remedy when nobody listens', async () => {
  const server = await startServer(() => undefined)
  await server.close()
  const api = new ApiClient({ url: server.url, user: 'ann', authorization: 'x' })
  await expect(api.get('/me')).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: `Cannot reach 127.0.0.1:${server.port}: nothing listens there; is the node running?`,
  })
})

it('ends with its signal', async () => {
  const { url } = await startServer(() => undefined)
  const abort = new AbortController()
  const asked = new ApiClient({ url, user: 'ann', authorization: 'x' }, abort.signal).get('/me')
  abort.abort()
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
})
