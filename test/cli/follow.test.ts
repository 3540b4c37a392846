import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { createApi } from '../../src/cli/api.ts'
import { followJob } from '../../src/cli/follow.ts'
import { describeEnd, describeJob, exitCodeOf, progressOf } from '../../src/cli/job-report.ts'
import type { Transfer as Job, TransferState as JobState } from '../../src/client/operations.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { sendJson, startServer } from './support/http-server.ts'

function jobIn(state: JobState, done = 0): Job {
  return {
    id: 'j1',
    label: '',
    state,
    overwrite: 'if-different',
    priority: 50,
    executor: 'auto',
    verify: 'checksum',
    options: {},
    share: 'user:ann',
    link: 'here>here',
    source: { path: '/a' },
    destination: { path: '/b' },
    createdAt: '2026-11-21T03:00:00Z',
    files: { total: 3, done, failed: 0, skipped: 0, canceled: 0, active: 1 },
    bytes: { total: 300, done: done * 100 },
    bytesPerSecond: 100,
  }
}

/** A node whose job stands where the test puts it; `events` says whether it streams. */
async function startNode(first: Job, events: boolean, port = 0) {
  let job = first
  const streams = new Set<ServerResponse>()
  let asked = 0
  const server = await startServer((request, response) => {
    if (request.url === '/api/v1/events' && events) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write(': hello\n\n')
      streams.add(response)
    } else if (request.url === '/api/v1/events') sendJson(response, 404, { title: 'Not Found' })
    else {
      asked += 1
      sendJson(response, 200, job)
    }
  }, port)
  const push = (next: Job, truth = next) => {
    job = truth
    for (const stream of streams) stream.write(`event: transfer\ndata: ${JSON.stringify(next)}\n\n`)
  }
  return {
    ...server,
    push,
    streams,
    asked: () => asked,
    set: (next: Job) => {
      job = next
    },
  }
}

const clientFor = (url: string) => createApi({ url, user: 'ann', authorization: 'x' })
const never = new AbortController().signal
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

it('hears of each step by events, without asking again', async () => {
  const node = await startNode(jobIn('ACTIVE'), true)
  const seen: number[] = []
  const following = followJob(clientFor(node.url), 'j1', {
    onUpdate: (job) => seen.push(job.files.done),
    signal: never,
    pollMs: { withEvents: 60_000, without: 60_000 },
  })
  await until(() => node.streams.size === 1 && seen.length === 1)
  node.push(jobIn('ACTIVE', 1))
  node.push({ ...jobIn('FINISHED', 3), id: 'somebody else' }, jobIn('ACTIVE', 1))
  node.push(jobIn('ACTIVE', 2))
  await until(() => seen.length === 3)
  expect(node.asked()).toBe(1)
  node.push(jobIn('FINISHED', 3))
  expect((await following).state).toBe('FINISHED')
  expect(seen).toEqual([0, 1, 2, 3])
})

it('asks now and then where there are no events', async () => {
  const node = await startNode(jobIn('ACTIVE'), false)
  const following = followJob(clientFor(node.url), 'j1', {
    onUpdate: () => node.set(jobIn('FINISHEDDIRTY', 2)),
    signal: never,
    pollMs: { withEvents: 60_000, without: 5 },
  })
  expect((await following).state).toBe('FINISHEDDIRTY')
})

it('waits for a node that restarts, and says so once', async () => {
  const node = await startNode(jobIn('ACTIVE'), true)
  const silences: string[] = []
  let updates = 0
  const following = followJob(clientFor(node.url), 'j1', {
    onUpdate: () => {
      updates += 1
    },
    onSilence: (error) => silences.push(error.message),
    signal: never,
    pollMs: { withEvents: 5, without: 5 },
  })
  await until(() => updates > 0)
  await node.close()
  await until(() => silences.length > 0)
  await startNode(jobIn('FINISHED', 3), true, node.port)
  expect((await following).files.done).toBe(3)
  expect(silences).toHaveLength(1)
})

it('gives up on a node that stays away, and at once on a job that is not there', async () => {
  const node = await startNode(jobIn('ACTIVE'), true)
  await node.close()
  const options = {
    onUpdate: () => undefined,
    signal: never,
    pollMs: { withEvents: 5, without: 5 },
    patienceMs: 20,
  }
  await expect(followJob(clientFor(node.url), 'j1', options)).rejects.toMatchObject({ code: 'UNREACHABLE' })
  const empty = await startServer((_request, response) =>
    sendJson(response, 404, { detail: 'No such transfer.', code: 'NOT_FOUND' }),
  )
  await expect(followJob(clientFor(empty.url), 'j1', options)).rejects.toMatchObject({ status: 404 })
})

it('ends with 124 when the time is over, even when the node hangs, and with its signal', async () => {
  const hanging = await startServer(() => undefined)
  const options = { onUpdate: () => undefined, pollMs: { withEvents: 5, without: 5 } }
  await expect(
    followJob(clientFor(hanging.url), 'j1', { ...options, timeoutMs: 30, signal: never }),
  ).rejects.toMatchObject({ exitCode: 124 })
  const abort = new AbortController()
  const following = followJob(clientFor(hanging.url), 'j1', { ...options, signal: abort.signal })
  abort.abort()
  await expect(following).rejects.toMatchObject({ name: 'AbortError' })
})

it.each<[JobState, number]>([
  ['FINISHED', 0],
  ['FINISHEDDIRTY', 3],
  ['FAILED', 1],
  ['CANCELED', 1],
])('"transfer wait" of a %s job exits with %i', async (state, code) => {
  const node = await startNode(jobIn(state, 2), true)
  const env = { url: node.url, user: 'ann', token: 'x' }
  const cli = createCli(await temporaryFolder())
  const answer = await cli(['transfer', 'wait', 'j1', '--json'], { env })
  expect(answer).toMatchObject({ code, stderr: '' })
  expect(JSON.parse(answer.stdout)).toEqual(jobIn(state, 2))
  expect((await cli(['transfer', 'watch', 'j1'], { env })).code).toBe(0)
})

it('"transfer wait --timeout" exits with 124 and an object that says so', async () => {
  const node = await startNode(jobIn('ACTIVE'), true)
  const cli = createCli(await temporaryFolder())
  const answer = await cli(['transfer', 'wait', 'j1', '--timeout', '0.05', '--json'], {
    env: { url: node.url, token: 'x' },
  })
  expect(answer.code).toBe(124)
  expect(JSON.parse(answer.stderr)).toMatchObject({ error: { code: 'TIMED_OUT' } })
})

it('draws one live line on a terminal and leaves only the end', async () => {
  const node = await startNode(jobIn('ACTIVE', 1), true)
  const cli = createCli(await temporaryFolder())
  const running = cli(['transfer', 'watch', 'j1'], { env: { url: node.url, token: 'x' }, isTTY: true })
  await until(() => node.streams.size === 1 && node.asked() > 0)
  node.push(jobIn('FINISHED', 3))
  const answer = await running
  expect(answer.stderr).toMatch(/^\rACTIVE {2}\[#######\.+\] 33% {2}100 B of 300 B {2}1\/3 files {2}100 B\/s/)
  expect(answer.stderr.endsWith('\r\u001b[K')).toBe(true)
  expect(answer.stdout).toBe('FINISHED  3 files copied, 300 B\n')
})

it('tells how a job ended and what to do', () => {
  const job: Job = {
    ...jobIn('FINISHEDDIRTY', 1),
    files: { total: 3, done: 1, failed: 1, skipped: 1, canceled: 0, active: 0 },
    startedAt: '2026-11-21T03:00:00Z',
    finishedAt: '2026-11-21T03:00:02Z',
    error: { code: 'X', message: 'one broke' },
  }
  expect(describeEnd(job)).toBe(
    'FINISHEDDIRTY  1 file copied, 1 were there already, 1 failed, 100 B in 2 s (50 B/s): one broke; ' +
      'see "causeway transfer files j1 --state ERROR", try again with "transfer retry"',
  )
  expect(exitCodeOf(job)).toBe(3)
  expect(describeJob(job)).toContain('from      drive:/a')
  expect(progressOf({ ...job, files: { ...job.files, total: 0 } })).toMatchObject({
    bytesTotal: undefined,
    filesTotal: undefined,
  })
})
