import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDestination, parsePlace } from '../../src/cli/transfer-places.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { readBody, sendJson, startServer } from './support/http-server.ts'

interface Seen {
  method: string
  path: string
  body: Record<string, unknown>
  key: string | undefined
}

const job = {
  id: 'j1',
  state: 'SUBMITTED',
  source: { path: '/a' },
  destination: { url: 'https://b.example/x' },
  priority: 80,
  createdAt: '2026-11-21T03:00:00Z',
  files: { total: 0, done: 0, failed: 0, skipped: 0, canceled: 0, active: 0 },
  bytes: { total: 0, done: 0 },
  bytesPerSecond: 0,
}

/** A node that notes what it is asked and answers what the test says. */
async function startNode(answers: Record<string, unknown> = {}) {
  const seen: Seen[] = []
  const server = await startServer(async (request, response) => {
    const text = (await readBody(request)).toString()
    const path = (request.url ?? '').replace('/api/v1', '')
    const key = request.headers['idempotency-key'] as string | undefined
    seen.push({ method: request.method ?? '', path, body: text === '' ? {} : JSON.parse(text), key })
    sendJson(response, 200, answers[path.split('?')[0] ?? ''] ?? job)
  })
  const folder = await temporaryFolder()
  const cli = createCli(folder)
  const env = { url: server.url, user: 'ann', token: 'secret' }
  return {
    folder,
    seen,
    run: (args: string[], stdin?: string) =>
      cli(['transfer', ...args], { env, ...(stdin === undefined ? {} : { stdin }) }),
  }
}

describe('a place of a transfer', () => {
  it.each([
    ['drive:/a/b', { path: '/a/b' }],
    ['/a/b', { path: '/a/b' }],
    ['share:abc/x', { shareId: 'abc', path: '/x' }],
    ['https://h.example/x?y=1', { url: 'https://h.example/x?y=1' }],
    ['davs://h.example/x', { url: 'davs://h.example/x' }],
    ['tape:run7/a', { endpoint: 'tape', path: 'run7/a' }],
    ['tape:', { endpoint: 'tape', path: '' }],
  ])('%s is %j', (text, place) => {
    expect(parsePlace(text)).toEqual(place)
  })

  it.each([
    ['gsiftp://h.example/x', 'speaks no gsiftp'],
    ['file:///etc/passwd', 'speaks no file'],
    ['https://ann:pw@h.example/x', 'password in a URL'],
  ])('%s is refused, and no password is repeated', (text, words) => {
    expect(() => parsePlace(text)).toThrow(words)
    expect(() => parsePlace(text)).not.toThrow('pw@')
  })

  it('is no destination when it is a share', () => {
    expect(() => parseDestination('share:abc')).toThrow('no destination')
  })
})

describe('transfer submit', () => {
  it('orders what its options say, filters in the order they were written', async () => {
    const node = await startNode()
    const answer = await node.run([
      ...['submit', 'drive:/a', 'https://b.example/x', '--sync', 'mtime', '--delete-extra'],
      ...['--exclude', 'tmp/', '--filter', '*.csv', '--exclude', '**', '--priority', '80', '--streams', '4'],
      ...['--bandwidth', '10M', '--deadline', '2099-01-01T00:00Z', '--tries', '3', '--on-error', 'fail'],
      ...[
        '--replica',
        'tape:a',
        '--checksum',
        'MD5:00000000000000000000000000000001',
        '--idempotency-key',
        'k1',
      ],
    ])
    expect(answer).toMatchObject({ code: 0, stdout: 'j1\n' })
    expect(node.seen).toEqual([
      {
        method: 'POST',
        path: '/transfers',
        key: 'k1',
        body: {
          source: { replicas: [{ path: '/a' }, { endpoint: 'tape', path: 'a' }] },
          destination: { url: 'https://b.example/x' },
          priority: 80,
          deadline: '2099-01-01T00:00:00.000Z',
          options: {
            sync: 'mtime',
            deleteExtra: true,
            streams: 4,
            bandwidthBytesPerSecond: 10 * 1024 * 1024,
            maxTries: 3,
            onItemError: 'fail',
            checksums: { md5: '00000000000000000000000000000001' },
            filters: [
              { action: 'exclude', pattern: 'tmp/' },
              { action: 'include', pattern: '*.csv' },
              { action: 'exclude', pattern: '**' },
            ],
          },
        },
      },
    ])
  })

  it('finds a share by its name', async () => {
    const node = await startNode({ '/received-shares': { items: [{ id: 'id-1', name: 'Run 7' }] } })
    expect((await node.run(['submit', 'share:Run 7/x', '/y'])).code).toBe(0)
    expect(node.seen.at(-1)?.body).toEqual({
      source: { shareId: 'id-1', path: '/x' },
      destination: { path: '/y' },
    })
  })

  it('orders pairs of a file, and bulk in both forms', async () => {
    const node = await startNode()
    const pairs = '# list\nhttps://a.example/1 /x/1\n"drive:/with blank" tape:2\n'
    expect((await node.run(['submit', '--batch', '-'], pairs)).code).toBe(0)
    const fts = {
      files: [
        {
          sources: ['https://a.example/1'],
          destinations: ['davs://b.example/1'],
          filesize: 3,
          checksum: 'adler32:0000000a',
        },
      ],
    }
    await writeFile(join(node.folder, 'fts.json'), JSON.stringify(fts))
    expect((await node.run(['submit', '--bulk', join(node.folder, 'fts.json')])).code).toBe(0)
    expect(node.seen.map(({ body }) => body.items)).toEqual([
      [
        { source: { url: 'https://a.example/1' }, destination: { path: '/x/1' } },
        { source: { path: '/with blank' }, destination: { endpoint: 'tape', path: '2' } },
      ],
      [
        {
          source: { url: 'https://a.example/1' },
          destination: { url: 'davs://b.example/1' },
          sizeBytes: 3,
          checksums: { adler32: '0000000a' },
        },
      ],
    ])
  })

  it('shows what would be done', async () => {
    const none = { files: 0, bytes: 0 }
    const plan = {
      counts: { copy: { files: 2, bytes: 10 }, skip: none, delete: { files: 1, bytes: 4 }, refuse: none },
      paths: [{ path: 'a.csv', action: 'copy', why: 'the destination does not have it', sizeBytes: 5 }],
      isComplete: true,
    }
    const node = await startNode({ '/transfers': plan })
    const { stdout } = await node.run(['submit', '/a', '/b', '--dry-run'])
    expect(node.seen[0]?.body).toMatchObject({ dryRun: true })
    expect(stdout).toContain('a.csv  (the destination does not have it)')
    expect(stdout).toContain('and 2 more')
    expect(stdout).toContain('copy 2 (10 B), delete 1 (4 B)')
  })

  it.each([
    [['--every', '6h'], { at: 'every 6h' }],
    [
      ['--daily', '02:00', '--time-zone', 'Europe/Amsterdam'],
      { at: 'daily 02:00', timeZone: 'Europe/Amsterdam' },
    ],
    [['--cron', '0 2 * * Mon'], { at: '0 2 * * Mon' }],
    [['--on-change'], { onChangeEveryMinutes: 5 }],
    [['--on-change', '30'], { onChangeEveryMinutes: 30 }],
  ])('%j makes an order that comes again', async (args, schedule) => {
    const made = { id: 's1', label: 'x', order: {}, schedule, enabled: true }
    const node = await startNode({ '/transfer-schedules': made })
    expect((await node.run(['submit', '/a', '/b', ...args])).stdout).toContain('s1')
    expect(node.seen).toMatchObject([
      { path: '/transfer-schedules', body: { schedule, order: { source: { path: '/a' } } } },
    ])
  })

  it.each([
    [['/a', '/a'], 'source and destination'],
    [['/a'], 'source and a destination are needed'],
    [['/a', '/b', '--batch', '-'], 'one of them'],
    [['/a', '/b', '--every', '1h', '--daily', '02:00'], 'one of them'],
    [['/a', '/b', '--every', '1h', '--wait'], 'comes again'],
    [['/a', '/b', '--bandwidth', '10'], 'with a unit'],
    [['/a', '/b', '--checksum', 'crc:1'], 'sha256:HEX'],
    [['/a', '/b', '--sync', 'magic'], 'Allowed choices'],
    [['/a', '/b', '--streams', '99'], 'from 1 to 16'],
  ])('%j is refused before anything is asked', async (args, words) => {
    const node = await startNode()
    const answer = await node.run(['submit', ...args])
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
    expect(node.seen).toEqual([])
  })
})

describe('transfer, afterwards', () => {
  it('pauses, resumes and reprioritises', async () => {
    const node = await startNode()
    await node.run(['pause', 'j1'])
    await node.run(['resume', 'j1'])
    expect((await node.run(['set-priority', 'j1', '80'])).stdout).toBe('transfer j1 has priority 80\n')
    expect(node.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /transfers/j1/pause',
      'POST /transfers/j1/resume',
      'PATCH /transfers/j1',
    ])
    expect(node.seen[2]?.body).toEqual({ priority: 80 })
  })

  it('says why a file waits, and what its attempts were', async () => {
    const file = {
      ...{ id: 'f1', path: 'a.csv', state: 'NEW', bytesDone: 0, attempts: 2 },
      waitReason: { code: 'paused', text: 'The job is paused by its user.' },
    }
    const attempt = {
      attempt: 1,
      endedAt: '2026-11-21T03:00:00Z',
      bytesDone: 7,
      error: { message: 'It broke.' },
    }
    const node = await startNode({
      '/transfers/j1/files': { items: [file] },
      '/transfers/j1/files/f1/attempts': { items: [attempt] },
    })
    expect((await node.run(['files', 'j1'])).stdout).toContain('The job is paused by its user.')
    expect((await node.run(['attempts', 'j1', 'a.csv'])).stdout).toContain('It broke.')
    expect((await node.run(['attempts', 'j1', 'none'])).code).toBe(1)
  })

  it('lists, runs, rests and forgets what comes again', async () => {
    const one = {
      id: 's1',
      label: 'x',
      order: { source: { path: '/a' }, destination: { path: '/b' } },
      schedule: { at: 'every 6h' },
      enabled: true,
    }
    const node = await startNode({ '/transfer-schedules': { items: [one] }, '/transfer-schedules/s1': one })
    expect((await node.run(['schedules', 'list'])).stdout).toContain('every 6h')
    expect((await node.run(['schedules', 'run', 's1'])).stdout).toBe('j1\n')
    await node.run(['schedules', 'disable', 's1'])
    expect(node.seen.at(-1)).toMatchObject({ method: 'PATCH', body: { enabled: false } })
    expect((await node.run(['schedules', 'remove', 's1'])).stdout).toBe('schedule s1 removed\n')
  })
})
