import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initNode } from '../../src/admin.ts'
import { loginInBrowser } from '../../src/cli/browser-login.ts'
import { listProfiles } from '../../src/cli/profile.ts'
import { serve } from '../../src/main.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { readBody, sendJson, startServer } from './support/http-server.ts'

/** A clock on which every wait is over at once. */
function hastyClock(): Clock {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    wait: async (ms, signal) => {
      signal?.throwIfAborted()
      nowMs += ms
    },
  }
}

const idle = new AbortController().signal
const options = { label: 'causeway on laptop (abc123)', signal: idle, show: () => undefined }

describe('causeway login in a browser, at a running node', () => {
  let folder: string
  let node: Awaited<ReturnType<typeof serve>>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-browser-login-'))
    const port = await freePort()
    const settings = { publicUrl: `http://127.0.0.1:${port}`, admin: 'ann', password: 'ann-password' }
    await initNode(folder, settings)
    node = await serve(folder, { port })
  })

  afterAll(async () => {
    await node.stop()
    await rm(folder, { recursive: true })
  })

  /** The person: opens the first address that turns up, and signs in. */
  function person() {
    const opened: Promise<Response>[] = []
    const onStderr = (text: string) => {
      const [address] = /http:\/\/[^\s"]+/.exec(text) ?? []
      const form = new URLSearchParams({ name: 'ann', password: 'ann-password' })
      if (address !== undefined) opened.push(fetch(address, { method: 'POST', body: form }))
    }
    return { onStderr, opened }
  }

  it('keeps the app password that was granted, and revokes it at logout', async () => {
    const home = await temporaryFolder()
    const cli = createCli(home)
    const { onStderr, opened } = person()
    const answer = await cli(['login', node.url, '--browser'], { onStderr })
    expect(answer).toMatchObject({ code: 0, stdout: `logged in to ${node.url} as ann\n` })
    expect(answer.stderr).toMatch(
      /^Open this address in a browser, .* "causeway on \S+ \(\w{6}\)":\n {2}http:\/\/127\.0\.0\.1:\d+\/login\/v2\/flow\/\S+\n$/,
    )
    expect((await Promise.all(opened)).map(({ status }) => status)).toEqual([200])
    const profiles = await listProfiles(join(home, 'causeway', 'config.yaml'))
    const { token = '', tokenId } = profiles.default ?? {}
    expect(profiles).toEqual({ default: { url: node.url, user: 'ann', token, tokenId } })
    expect(token).not.toBe('')
    expect(answer.stderr + answer.stdout).not.toContain(token)
    expect((await cli(['whoami'])).stdout).toContain('administrator')
    expect((await cli(['logout'])).code).toBe(0)
    const late = await cli(['whoami'], { env: { url: node.url, user: 'ann', token } })
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('Log in again') })
  })

  it('is what happens on a terminal when nobody was named; programs read the address as JSON', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    const { onStderr } = person()
    const cli = createCli(await temporaryFolder())
    const answer = await cli(['login', node.url, '--profile', 'work', '--json'], { stdin, onStderr })
    expect([answer.code, JSON.parse(answer.stdout)]).toEqual([
      0,
      { profile: 'work', url: node.url, user: 'ann' },
    ])
    expect(JSON.parse(answer.stderr)).toEqual({
      login: expect.stringContaining(`${node.url}/login/v2/flow/`),
      label: expect.stringMatching(/^causeway on /),
    })
  })

  it('still asks for the password where a name was given', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    stdin.end('ann-password\n')
    const cli = createCli(await temporaryFolder())
    const answer = await cli(['login', node.url, '--user', 'ann'], { stdin })
    expect(answer).toMatchObject({ code: 0, stderr: 'Password: \n' })
    const both = await cli(['login', node.url, '--user', 'ann', '--browser'])
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--browser') })
  })

  it('gives up when nobody granted it in time', async () => {
    const waiting = loginInBrowser({ ...options, url: node.url, clock: hastyClock(), limitMs: 5_000 })
    await expect(waiting).rejects.toMatchObject({ code: 'TIMED_OUT', exitCode: 124 })
  })

  it('ends at Ctrl-C and keeps nothing', async () => {
    const home = await temporaryFolder()
    const interrupt = new AbortController()
    const answer = await createCli(home)(['login', node.url, '--browser'], {
      signal: interrupt.signal,
      onStderr: () => interrupt.abort(),
    })
    expect(answer).toMatchObject({ code: 130, stdout: '' })
    expect(await listProfiles(join(home, 'causeway', 'config.yaml'))).toEqual({})
  })
})

describe('a login in a browser, at something that', () => {
  const login = (url: string) => loginInBrowser({ ...options, url, clock: hastyClock() })

  it('is away for a moment is waited for', async () => {
    const answers: [number, unknown][] = [
      [404, []],
      [503, { detail: 'Busy.' }],
      [200, { server: 'x', loginName: 'ann', appPassword: 'p' }],
    ]
    const asked: string[] = []
    const server = await startServer(async (request, response) => {
      const body = (await readBody(request)).toString()
      const { url = '', method } = request
      asked.push(`${method} ${url} ${body}`)
      if (url === '/index.php/login/v2') {
        const own = `http://${request.headers.host}`
        expect(request.headers['user-agent']).toBe(options.label)
        return sendJson(response, 200, { poll: { token: 't/1', endpoint: `${own}/poll` }, login: `${own}/l` })
      }
      const [status, value] = answers.shift() ?? [500, {}]
      sendJson(response, status, value)
    })
    expect(await login(server.url)).toEqual({ user: 'ann', password: 'p' })
    expect(asked).toEqual(['POST /index.php/login/v2 ', ...Array(3).fill('POST /poll token=t%2F1')])
  })

  it.each<[what: string, status: number, start: unknown, message: RegExp]>([
    [
      'polls elsewhere',
      200,
      { poll: { token: 't', endpoint: 'https://evil.test/' }, login: 'OWN/l' },
      /evil\.test, which is/,
    ],
    [
      'shows a page elsewhere',
      200,
      { poll: { token: 't', endpoint: 'OWN/p' }, login: 'https://evil.test/' },
      /evil\.test, which is/,
    ],
    [
      'names no page',
      200,
      { poll: { token: 't', endpoint: 'OWN/p' }, login: 'javascript:0' },
      /another place/,
    ],
    ['gives no token', 200, { poll: { endpoint: 'OWN/p' }, login: 'OWN/l' }, /no token/],
    ['is no node', 200, 'hello', /no JSON object/],
    ['knows no such login', 404, {}, /--user NAME/],
    ['has enough', 403, { detail: 'Not today.' }, /Not today\./],
  ])('%s is told so', async (_what, status, start, message) => {
    const server = await startServer((request, response) => {
      const text = JSON.stringify(start).replaceAll('OWN', `http://${request.headers.host}`)
      sendJson(response, request.url === '/index.php/login/v2' ? status : 500, JSON.parse(text))
    })
    await expect(login(server.url)).rejects.toThrow(message)
  })

  it('grants nothing that can be used is told so', async () => {
    const server = await startServer((request, response) => {
      const own = `http://${request.headers.host}`
      const first = { poll: { token: 't', endpoint: `${own}/poll` }, login: `${own}/l` }
      sendJson(response, 200, request.url === '/poll' ? { loginName: 'ann' } : first)
    })
    await expect(login(server.url)).rejects.toThrow(/no app password/)
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return typeof address === 'object' && address !== null ? address.port : 0
}
