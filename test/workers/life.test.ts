import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic } from '../support/test-user.ts'
import { Connection, environment, PASSWORD, runNode, startWorkerNode, type WorkerNode } from './support.ts'

interface Job {
  id: string
  state: string
}

/** An open stream of events; what it said so far. */
async function listenTo(node: WorkerNode, user: string) {
  const answer = await fetch(`${node.origin}/api/v1/events`, {
    headers: { authorization: basic(user, PASSWORD) },
  })
  const stream = { text: '', isOver: false, close: () => answer.body?.cancel().catch(() => undefined) }
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of answer.body as ReadableStream<Uint8Array>) stream.text += decoder.decode(chunk)
  }
  void read()
    .catch(() => undefined)
    .finally(() => {
      stream.isOver = true
    })
  return stream
}

const readiness = async (node: WorkerNode) => (await fetch(`${node.opsOrigin}/readyz`)).status
const isGone = (pid: number) => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}

describe('a node of several workers', () => {
  let node: WorkerNode
  let connections: Connection[]
  const any = () => connections[0] as Connection

  beforeAll(async () => {
    node = await startWorkerNode()
    connections = Connection.several(6, node.origin)
    await any().send('MKCOL', '/dav/files/ann/d')
    await any().send('PUT', '/dav/files/ann/d/f', { body: 'x'.repeat(1_000) })
  })

  afterAll(async () => {
    for (const connection of connections ?? []) connection.close()
    await node?.close()
  })

  it('tells events to every reader, whichever worker each is at', async () => {
    const readers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => listenTo(node, 'ben')))
    await any().api('POST', '/shares', { path: '/d', shareWith: 'ben', role: 'viewer' })
    await node.until(() => readers.every(({ text }) => text.includes('event: share')))
    for (const { text } of readers) expect(text.match(/event: share/g)?.length).toBe(1)
    for (const reader of readers) await reader.close()
  })

  it('does transfers at once, whoever took the order, and tells everybody of each end once', async () => {
    const readers = await Promise.all([1, 2, 3].map(() => listenTo(node, 'ann')))
    const order = (i: number) => ({ source: { path: '/d' }, destination: { path: `/copy${i}` } })
    const jobs = await Promise.all(connections.map((one, i) => one.api<Job>('POST', '/transfers', order(i))))
    await node.until(() => readers.every(({ text }) => jobs.every(({ id }) => endsOf(text, id).length === 1)))
    for (const { text } of readers) {
      for (const { id } of jobs) expect(endsOf(text, id)).toEqual(['FINISHED'])
      await text
    }
    for (const reader of readers) await reader.close()
    const file = await any().send('GET', '/dav/files/ann/copy5/f')
    expect(file.body).toBe('x'.repeat(1_000))
  })

  it('counts the requests of all workers together, and each job once', async () => {
    const count = async () => {
      const text = await (await fetch(`${node.opsOrigin}/metrics`)).text()
      const lines = text.matchAll(/^causeway_http_request_duration_seconds_count\{(.*)\} (\d+)$/gm)
      const gets = [...lines].filter(([, labels]) => labels?.includes('"GET"'))
      return { text, gets: gets.reduce((sum, [, , value]) => sum + Number(value), 0) }
    }
    const before = (await count()).gets
    await Promise.all(connections.map((one) => one.send('GET', '/dav/files/ann/d/f')))
    await node.until(async () => (await count()).gets === before + connections.length)
    expect((await count()).text).toContain('causeway_transfers{state="FINISHED"} 6')
  })

  it('goes on when the worker dies that did the background work, and has all of them back soon', async () => {
    expect(await readiness(node)).toBe(200)
    const readers = await Promise.all([1, 2, 3].map(() => listenTo(node, 'ann')))
    const leaders = () => node.log.flatMap(({ msg, pid }) => (msg === 'background work begun' ? [pid] : []))
    expect(leaders().length).toBe(1)
    expect(await node.workerPids()).toContain(leaders()[0])
    process.kill(leaders()[0] as number, 'SIGKILL')
    await node.until(() => leaders().length === 2)
    // Events may be lost with a process: its own readers are cut off, and the others are told to ask anew.
    await node.until(() => readers.every(({ isOver, text }) => isOver || text.includes('event: gap')))
    for (const reader of readers) await reader.close()
    const fresh = new Connection(node.origin)
    const job = await fresh.api<Job>('POST', '/transfers', {
      ...{ source: { path: '/d' }, destination: { path: '/after' } },
    })
    await node.until(async () => (await fresh.api<Job>('GET', `/transfers/${job.id}`)).state === 'FINISHED')
    await node.until(async () => (await readiness(node)) === 200)
    expect((await node.workerPids()).length).toBe(3)
    expect(node.log.filter(({ msg }) => msg === 'worker ended, another one is started')).toMatchObject([
      { how: 'signal SIGKILL' },
    ])
    fresh.close()
  })

  it('lets running requests end when it is stopped, and leaves nothing running', async () => {
    const pids = await node.workerPids()
    const call = request(`${node.origin}/dav/files/ann/slow`, {
      method: 'PUT',
      headers: { authorization: basic('ann', PASSWORD), 'content-length': '2000' },
    })
    const answered = once(call, 'response')
    call.write('a'.repeat(1_000))
    const [socket] = await once(call, 'socket')
    if (socket.connecting) await once(socket, 'connect')
    // The request is with its worker when the primary, asked after it, has answered.
    await readiness(node)
    const stopped = node.stop()
    // A connection that comes between the last worker and the end of the port is left without an answer.
    const ask = () => fetch(`${node.origin}/healthz`, { signal: AbortSignal.timeout(1_000) })
    await node.until(async () => (await ask().catch(() => undefined)) === undefined)
    call.end('b'.repeat(1_000))
    const [response] = await answered
    expect(response.statusCode).toBe(201)
    response.resume()
    expect(await stopped).toBe(0)
    expect(pids.filter((pid) => !isGone(pid))).toEqual([])
    expect(node.log.at(-1)?.msg).toBe('stopped')
  })

  it('says why when it cannot be started, and leaves nothing running', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const serve = await node.command('serve', node.folder, '--port', `${port}`)
    expect(serve.code).toBe(1)
    expect(serve.stderr).toContain('EADDRINUSE')
    taken.close()
    const key = join(node.folder, 'keys/node.key')
    const before = await readFile(key)
    await writeFile(key, 'damaged')
    const damaged = await node.command('serve', node.folder, '--port', '0')
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toContain('node.key is damaged')
    await writeFile(key, before)
  })

  it('ends its workers in order when the primary is killed', async () => {
    const again = await runNode(node.folder, environment({}))
    const pids = await again.workerPids()
    again.child.kill('SIGKILL')
    await again.until(() => pids.every(isGone))
    const third = await runNode(node.folder, environment({ CAUSEWAY_SERVER__WORKERS: '1' }))
    expect((await third.workerPids()).filter((pid) => pid > 0)).toEqual([])
    expect(await third.stop()).toBe(0)
  })
})

/** The final states that a stream told of a job. */
function endsOf(text: string, jobId: string): string[] {
  return [...text.matchAll(/^event: transfer\ndata: (.*)$/gm)]
    .map((match) => JSON.parse(match[1] ?? '') as Job)
    .filter((job) => job.id === jobId && !['SUBMITTED', 'ACTIVE'].includes(job.state))
    .map((job) => job.state)
}
