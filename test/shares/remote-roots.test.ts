import { beforeEach, describe, expect, it } from 'vitest'
import { UnavailableError } from '../../src/platform/errors.ts'
import { createLogger } from '../../src/platform/log.ts'
import { RemoteRoots } from '../../src/shares/remote-roots.ts'
import type { ReceivedShare, RootFacts } from '../../src/shares/types.ts'
import type { Entry } from '../../src/store/index.ts'
import { HandClock, START_MS } from './support.ts'

const person = { id: 'o', host: 'foreign.test', displayName: 'O' }
const share: ReceivedShare = {
  id: 'r1',
  userId: 'id-jan',
  source: 'remote',
  peerHost: 'foreign.test',
  providerId: '42',
  owner: person,
  sender: person,
  name: 'data',
  kind: 'folder',
  role: 'viewer',
  note: '',
  webdavUri: 'https://foreign.test/dav/42',
  secretSealed: 'v1.x',
  state: 'accepted',
  mountName: 'data',
  rootFacts: undefined,
  createdAtMs: START_MS,
  expiresAtMs: undefined,
}
const facts: RootFacts = {
  kind: 'folder',
  sizeBytes: 7,
  mtimeMs: 8,
  etag: 'e1',
  mediaType: 'httpd/unix-directory',
  checksums: {},
}
const entry = { ...facts, id: 'x', name: '', createdAtMs: 1 } as Entry
const away = () => Promise.reject(new UnavailableError('It is away.'))

describe('the root of a remote share in a listing', () => {
  let clock: HandClock
  let saved: RootFacts[]
  let roots: RemoteRoots
  let asked: number
  const ask = async () => {
    asked++
    return entry
  }

  beforeEach(() => {
    clock = new HandClock()
    saved = []
    asked = 0
    const save = async (_: string, learned: RootFacts) => void saved.push(learned)
    roots = new RemoteRoots({ clock, log: createLogger('silent'), save })
  })

  it('is asked for once in five seconds, however many look', async () => {
    const seen = await Promise.all([1, 2, 3].map(() => roots.entryOf(share, ask)))
    expect(seen[2]).toMatchObject({ name: '', sizeBytes: 7, rights: { read: true, write: false } })
    clock.advance(4_999)
    await roots.entryOf(share, ask)
    expect(asked).toBe(1)
    clock.advance(1)
    await roots.entryOf(share, ask)
    expect(asked).toBe(2)
    expect(saved).toEqual([facts])
  })

  it('is asked for again after a change through us', async () => {
    await roots.entryOf(share, ask)
    roots.forget(share.id)
    await roots.entryOf(share, ask)
    expect(asked).toBe(2)
  })

  it('is what was last known while the server is away, which is not asked for half a minute', async () => {
    const remembered = { ...share, rootFacts: { ...facts, sizeBytes: 99 } }
    expect(await roots.entryOf(remembered, away)).toMatchObject({ sizeBytes: 99 })
    clock.advance(29_999)
    await roots.entryOf(remembered, ask)
    expect(asked).toBe(0)
    clock.advance(1)
    expect(await roots.entryOf(remembered, ask)).toMatchObject({ sizeBytes: 7 })
  })

  it('is what the message said before the server has ever answered', async () => {
    expect(await roots.entryOf(share, away)).toMatchObject({
      kind: 'folder',
      sizeBytes: 0,
      mtimeMs: START_MS,
    })
    expect(saved).toEqual([])
  })

  it('does not hold up the listing for more than three seconds', async () => {
    let signal: AbortSignal | undefined
    const silent = (given: AbortSignal) => {
      signal = given
      return new Promise<Entry>(() => undefined)
    }
    const looking = roots.entryOf(share, silent)
    clock.advance(3_000)
    expect(await looking).toMatchObject({ sizeBytes: 0 })
    expect(signal?.aborted).toBe(true)
  })
})
