import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseMultistatus } from '../../src/cli/multistatus.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { sendJson, startServer } from './support/http-server.ts'

const script = resolve(import.meta.dirname, '../../bin/causeway')
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

/** A 207 that lists the root with one file of this name. */
function listing(names: readonly string[]): string {
  const entry = (href: string, kind: string) =>
    `<d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype>${kind}</d:resourcetype>` +
    '<d:getcontentlength>3</d:getcontentlength></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>'
  const members = names.map((name) => entry(`/webdav/${encodeURIComponent(name)}`, '')).join('')
  return `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${entry('/webdav/', '<d:collection/>')}${members}</d:multistatus>`
}

describe('what strangers say', () => {
  const evil = 'x\u001b]0;owned\u0007\u009b2J\u202e'

  it('never steers the terminal', async () => {
    const job = {
      id: 'j',
      label: evil,
      state: 'FAILED',
      source: { shareId: evil },
      destination: { path: `/${evil}` },
      createdAt: '2026-01-01T00:00:00Z',
      files: { total: 1, done: 0, failed: 1, skipped: 0, canceled: 0, active: 0 },
      bytes: { total: 1, done: 0 },
      bytesPerSecond: 0,
      error: { code: 'X', message: `${evil}: no` },
    }
    const me = { id: 'u', name: 'a', displayName: evil, address: evil, isAdmin: false }
    const server = await startServer((request, response) => {
      if (request.url?.startsWith('/api/v1/me')) return sendJson(response, 200, me)
      if (request.url?.startsWith('/api/v1/transfers')) return sendJson(response, 200, job)
      if (request.url?.startsWith('/api/v1/')) {
        return sendJson(response, 200, {
          id: 'c',
          name: evil,
          displayName: evil,
          address: evil,
          mountPath: evil,
        })
      }
      response
        .writeHead(207, { 'Content-Type': 'application/xml' })
        .end(listing([evil.replaceAll('\u001b', '')]))
    })
    const cli = createCli(await temporaryFolder())
    const env = { url: server.url, token: 't' }
    for (const args of [
      ['whoami'],
      ['transfer', 'show', 'j'],
      ['transfer', 'wait', 'j'],
      ['transfer', 'watch', 'j'],
      ['transfer', 'cancel', 'j'],
      ['share', 'accept', 'c'],
      ['invite', 'accept', 'x@y'],
      ['ls', '/'],
      ['ls', '-l', '/'],
      ['ls', '--json', '/'],
      ['whoami', '--json'],
    ]) {
      const answer = await cli(args, { env })
      expect(answer.stdout, args.join(' ')).not.toBe('')
      expect(answer.stdout + answer.stderr, args.join(' ')).not.toMatch(STEERING)
    }
    const said = JSON.parse((await cli(['whoami', '--json'], { env })).stdout)
    expect(said.displayName).toBe(evil)
  })

  it('may be a folder of a hundred and thirty thousand files', async () => {
    const names = Array.from({ length: 130_000 }, (_, n) => `f${n}`)
    const server = await startServer((_request, response) => {
      response.writeHead(207, { 'Content-Type': 'application/xml' }).end(listing(names))
    })
    const cli = createCli(await temporaryFolder())
    const answer = await cli(['ls', '/'], { env: { url: server.url, token: 't' } })
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(answer.stdout.split('\n')).toHaveLength(130_001)
  }, 30_000)

  it('is not a profile because every object has such a property', async () => {
    const cli = createCli(await temporaryFolder())
    for (const name of ['constructor', 'toString']) {
      const answer = await cli(['whoami', '--profile', name])
      expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no login named') })
      expect((await cli(['ls', `${name}:/`])).stderr).not.toContain('undefined')
    }
  })
})

describe('cp', () => {
  it('takes names as long as a disk takes them', async () => {
    const folder = await temporaryFolder()
    const name = 'ä'.repeat(127)
    const server = await startServer((request, response) => {
      if (request.method === 'PROPFIND') {
        response.writeHead(207, { 'Content-Type': 'application/xml' })
        return response.end(listing([name]).replace(/<d:response>.*?<\/d:response>/, ''))
      }
      return response.end('abc')
    })
    const cli = createCli(folder)
    const env = { url: server.url, token: 't' }
    const answer = await cli(['cp', `drive:/${name}`, join(folder, name)], { env })
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(await readdir(folder)).toEqual([name])
  })

  it('says what is wrong with a local file, and does not blame the server', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'in'))
    await writeFile(join(folder, 'in', 'good'), 'abc')
    // A name that is no UTF-8: it is seen in the folder, but cannot be named.
    await writeFile(Buffer.concat([Buffer.from(`${folder}/in/bad-`), Buffer.from([0xff])]), 'abc')
    const puts: (string | undefined)[] = []
    const server = await startServer((request, response) => {
      if (request.method === 'PUT') {
        puts.push(request.url)
        request.resume().on('end', () => response.writeHead(201).end())
      } else if (request.method === 'MKCOL') response.writeHead(201).end()
      else response.writeHead(404).end()
    })
    const cli = createCli(folder)
    const env = { url: server.url, token: 't' }
    const answer = await cli(['cp', '-r', join(folder, 'in'), 'drive:/x'], { env })
    expect(answer.stderr).toContain('bad-')
    expect(answer.stderr).not.toContain('Cannot reach')
    expect(answer.code).not.toBe(0)
    expect(puts).toEqual(['/webdav/x/good'])
  })
})

describe('Ctrl-C', () => {
  async function ended(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
    const stderr: Buffer[] = []
    child.stderr?.on('data', (chunk) => stderr.push(chunk))
    const [code] = await once(child, 'exit')
    return { code, stderr: Buffer.concat(stderr).toString() }
  }

  it.each(['up', 'down'])('ends a cp of many files %s with 130 and leaves nothing half-done', async (way) => {
    const folder = await temporaryFolder()
    const names = Array.from({ length: 9 }, (_, n) => `f${n}`)
    await mkdir(join(folder, 'up'))
    for (const name of names) await writeFile(join(folder, 'up', name), Buffer.alloc(300_000))
    let busy = 0
    const server = createServer((request, response) => {
      if (request.method === 'PROPFIND' && way === 'down')
        return response.writeHead(207, { 'Content-Type': 'application/xml' }).end(listing(names))
      if (request.method === 'GET') {
        response.writeHead(200, { 'Content-Length': 3 }).write('ab')
        busy += 1
      } else if (request.method === 'PUT') busy += 1
      else response.writeHead(request.method === 'MKCOL' ? 201 : 404).end()
      return undefined
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { PATH: process.env.PATH, HOME: folder, CAUSEWAY_URL: url, CAUSEWAY_TOKEN: 't' }
    const args = way === 'up' ? ['cp', '-r', 'up', 'drive:/x'] : ['cp', '-r', 'drive:/', 'down']
    const child = spawn(script, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
    const end = ended(child)
    await expect.poll(() => busy, { timeout: 10_000 }).toBe(8)
    child.kill('SIGINT')
    expect(await end).toEqual({ code: 130, stderr: 'causeway: Interrupted.\n' })
    if (way === 'down') expect(await readdir(join(folder, 'down'))).toEqual([])
    server.closeAllConnections()
    server.close()
  })

  it('ends a refused cp of standard input although nobody closes that', async () => {
    const server = await startServer((request, response) => {
      request.resume()
      response.writeHead(request.method === 'PUT' ? 409 : 404, { Connection: 'close' }).end()
    })
    const env = {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      CAUSEWAY_URL: server.url,
      CAUSEWAY_TOKEN: 't',
    }
    const child = spawn(script, ['cp', '-', 'drive:/a/b'], { env, stdio: ['pipe', 'ignore', 'pipe'] })
    child.stdin?.on('error', () => undefined)
    child.stdin?.write('some bytes')
    const { code, stderr } = await ended(child)
    expect(code).toBe(1)
    expect(stderr).toContain('the folder it should go into is missing')
  })
})

describe('a listing', () => {
  it('keeps names with percent signs, question marks and hashes apart', () => {
    const names = ['a%20b', 'a b', 'a?b', 'a#b', 'a\\b', 'é', 'e\u0301', '\u{1f600}']
    const found = parseMultistatus(listing(names)).slice(1)
    expect(found.map(({ entry }) => entry.name)).toEqual(names)
  })
})

describe('a login that was revoked', () => {
  it('is told to be renewed, by files as well as by everything else', async () => {
    const message =
      '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>No.</s:message></d:error>'
    const server = await startServer((_request, response) => response.writeHead(401).end(message))
    const cli = createCli(await temporaryFolder())
    const env = { url: server.url, token: 't' }
    for (const args of [['whoami'], ['ls', '/']])
      expect(await cli(args, { env })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Log in again with "causeway login"'),
      })
  })
})

describe('a server without TLS where TLS is expected', () => {
  it('is called that', async () => {
    const server = await startServer((_request, response) => response.end())
    const cli = createCli(await temporaryFolder())
    const env = { url: server.url.replace('http:', 'https:'), token: 't' }
    for (const args of [['whoami'], ['ls', '/']])
      expect((await cli(args, { env })).stderr).toMatch(
        /^causeway: Cannot reach [\d.:]+: it does not speak TLS there; [^\n]+\n$/,
      )
  })
})

describe('a name below localhost', () => {
  it('is this machine, whatever the system thinks (RFC 6761 6.3)', async () => {
    const server = await startServer((request, response) => {
      if (request.url?.startsWith('/api/v1/me'))
        return sendJson(response, 200, { displayName: 'Ann', address: 'ann@x', isAdmin: false })
      return response.writeHead(207, { 'Content-Type': 'application/xml' }).end(listing(['here']))
    })
    const cli = createCli(await temporaryFolder())
    const env = { url: `http://leiden.localhost:${server.port}`, token: 't' }
    expect(await cli(['whoami'], { env })).toMatchObject({ code: 0 })
    expect(await cli(['ls', '/'], { env })).toMatchObject({ code: 0, stdout: 'here\n' })
  })
})
