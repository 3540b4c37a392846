import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOutbound, type Outbound } from '../../src/platform/outbound.ts'
import { discoverTape } from '../../src/transfers/tape/discover.ts'
import {
  MAX_TAPE_FILES,
  pollAfterSeconds,
  TapeClient,
  tapePathOf,
  untilOnline,
} from '../../src/transfers/tape/tape-client.ts'
import { isArchived, isOnline } from '../../src/transfers/tape/types.ts'
import { FakeTape } from '../fakes/tape/fake-tape.ts'
import { FakeClock } from './support/fake-clock.ts'

let outbound: Outbound
let tape: FakeTape
let client: TapeClient
let token = 'first'

beforeAll(() => {
  outbound = createOutbound({
    allow: ['127.0.0.0/8'],
    insecureHttp: true,
    hosts: {},
    connectTimeoutMs: 5000,
    idleTimeoutMs: 5000,
  })
})
afterAll(() => outbound.close())
beforeEach(async () => {
  tape = await FakeTape.start()
  token = 'first'
  const renew = async () => {
    token = 'second'
    return true
  }
  const credentials = { headers: async () => ({ Authorization: `Bearer ${token}` }), renew }
  client = new TapeClient({ outbound, baseUrl: tape.baseUrl, credentials })
})
afterEach(() => tape.close())

const stage = (...paths: string[]) => client.stage(paths.map((path) => ({ path })))
const states = async (id: string) => (await client.poll(id)).map((file) => file.state)
const fault = (code: string, temporary: boolean) => ({ fault: expect.objectContaining({ code, temporary }) })

describe('the tape API of a site', () => {
  it('is found at its well-known address, in the version that is spoken', async () => {
    const found = await discoverTape(outbound, `${tape.origin}/data/x`)
    expect(found).toEqual({ baseUrl: tape.baseUrl, siteName: 'fake-site' })
  })

  it('is none where the well-known address leads to another host or is absent', async () => {
    tape.announcedUri = 'http://elsewhere.example/api/v1'
    expect(await discoverTape(outbound, tape.origin)).toBeUndefined()
    tape.answerOddly({ status: 404 }, { status: 200, body: '<html>' })
    expect(await discoverTape(outbound, tape.origin)).toBeUndefined()
    expect(await discoverTape(outbound, tape.origin)).toBeUndefined()
  })

  it('knows a file by the decoded path of its URL', () => {
    expect(tapePathOf('https://site.example//data//run%201/%C3%A4.bin?x=1')).toBe('/data/run 1/ä.bin')
  })
})

describe.each([false, true])('bringing files online (onDisk instead of state: %s)', (tellsOnDisk) => {
  it('follows each file until it is there', async () => {
    tape.tellsOnDisk = tellsOnDisk
    tape.put('/a', 'TAPE')
    tape.put('/b', 'DISK')
    const id = await stage('/a', '/b', '/missing')
    expect(await states(id)).toEqual(['waiting', 'online', 'failed'])
    tape.begin('/a')
    expect(await states(id)).toEqual(['waiting', 'online', 'failed'])
    tape.arrive('/a')
    expect(await states(id)).toEqual(['online', 'online', 'failed'])
    expect(tape.calls[0]?.authorization).toBe('Bearer first')
  })
})

describe('a tape client', () => {
  it('waits between polls, longer each time', async () => {
    tape.put('/a', 'TAPE')
    const clock = new FakeClock()
    let polls = 0
    const onPoll = () => {
      polls++
    }
    const id = await stage('/a')
    const done = untilOnline(client, id, { clock, signal: AbortSignal.timeout(10_000), onPoll })
    for (const [n, seconds] of [1, 2, 4, 8].entries()) {
      await expect.poll(() => polls, { interval: 1 }).toBe(n + 1)
      if (n === 3) tape.arrive('/a')
      clock.advance(seconds * 1000 - 1)
      expect(polls).toBe(n + 1)
      clock.advance(1)
    }
    expect(await done).toEqual([{ path: '/a', state: 'online' }])
    expect(pollAfterSeconds(100)).toBe(600)
  })

  it('cancels some files, and tells when one was not asked for', async () => {
    tape.put('/a', 'TAPE')
    tape.put('/b', 'TAPE')
    const id = await stage('/a', '/b')
    await expect(client.cancel(id, ['/a', '/c'])).rejects.toMatchObject(fault('TAPE_HTTP_400', false))
    expect(await states(id)).toEqual(['waiting', 'waiting'])
    await client.cancel(id, ['/a'])
    expect(await states(id)).toEqual(['cancelled', 'waiting'])
  })

  it('releases and removes; what is forgotten already is no failure', async () => {
    tape.put('/a', 'DISK')
    const id = await stage('/a')
    await client.release(id, ['/a'])
    expect(tape.released.get(id)).toEqual(['/a'])
    await client.remove(id)
    await client.remove(id)
    await client.release(id, ['/a'])
    await expect(client.poll(id)).rejects.toMatchObject(fault('TAPE_REQUEST_GONE', true))
  })

  it('says where files lie, also when the site answers in parts', async () => {
    tape.put('/a', 'TAPE')
    tape.put('/b', 'DISK_AND_TAPE')
    tape.maxArchivePaths = 1
    const told = await client.archiveInfo(['/b', '/a', '/c'])
    expect(told.map((one) => one.locality ?? one.error)).toEqual([
      'DISK_AND_TAPE',
      'TAPE',
      'No such file or directory',
    ])
    expect(told.map(isOnline)).toEqual([true, false, false])
    expect(told.map(isArchived)).toEqual([true, true, false])
  })

  it('stages hundreds of files with one request, and no more than a site takes', async () => {
    const paths = Array.from({ length: MAX_TAPE_FILES }, (_, n) => `/data/${n}`)
    for (const path of paths) tape.put(path, 'DISK')
    const files = await client.poll(await stage(...paths))
    expect(files).toHaveLength(MAX_TAPE_FILES)
    await expect(stage(...paths, '/more')).rejects.toThrow('1 to 500')
  })

  it('renews its credential once', async () => {
    tape.put('/a', 'DISK')
    tape.answerOddly({ status: 401 })
    await stage('/a')
    expect(tape.calls.map((call) => call.authorization)).toEqual(['Bearer first', 'Bearer second'])
  })
})

describe('errors of a tape site', () => {
  it.each([
    [400, false],
    [403, false],
    [404, false],
    [413, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])('status %i: temporary is %s', async (status, temporary) => {
    tape.answerOddly({ status, body: { status, title: 'Sorry', detail: 'the library is asleep.' } })
    const failure = expect(stage('/a')).rejects
    await failure.toMatchObject(fault(`TAPE_HTTP_${status}`, temporary))
    await failure.toThrow('Sorry: the library is asleep.')
  })

  it('keep the time that the site asks for', async () => {
    tape.answerOddly({ status: 503, headers: { 'Retry-After': '120' } })
    await expect(stage('/a')).rejects.toMatchObject({ fault: { retryAfterSeconds: 120 } })
  })

  it('are told when the answer is nonsense', async () => {
    tape.answerOddly({ status: 201, body: 'created' })
    await expect(stage('/a')).rejects.toMatchObject(fault('TAPE_BAD_ANSWER', true))
  })

  it('of single files are permanent when nothing would change them', async () => {
    tape.put('/a', 'TAPE')
    tape.put('/b', 'TAPE')
    const id = await stage('/a', '/b', '/missing')
    tape.fail('/a', 'The tape drive is broken')
    const [a, b, missing] = await client.poll(id)
    expect(a && client.faultOf(a)).toMatchObject(fault('TAPE_STAGE_FAILED', true))
    expect(b && client.faultOf(b)).toBeUndefined()
    expect(missing && client.faultOf(missing)).toMatchObject(fault('TAPE_STAGE_FAILED', false))
  })
})
