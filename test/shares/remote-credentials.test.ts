import { beforeEach, describe, expect, it } from 'vitest'
import { GrantRefusedError, PeerError } from '../../src/ocm/peer-error.ts'
import type { AccessToken } from '../../src/ocm/types.ts'
import { RemoteCredentials } from '../../src/shares/remote-credentials.ts'
import type { ReceivedShare } from '../../src/shares/types.ts'
import { HandClock, START_MS } from './support.ts'

const person = { id: 'o', host: 'foreign.test', displayName: 'O' }
const shareWith = (more: Partial<ReceivedShare> = {}): ReceivedShare => ({
  ...{ id: 'r1', userId: 'id-jan', source: 'remote', peerHost: 'foreign.test', providerId: '42' },
  ...{ owner: person, sender: person, name: 'data', kind: 'folder', role: 'viewer', note: '' },
  ...{ webdavUri: 'https://foreign.test/dav/42', secretSealed: 's3cret', state: 'accepted' },
  ...{ mountName: 'data', rootFacts: undefined, createdAtMs: START_MS, expiresAtMs: undefined },
  ...more,
})

const failure = (status: number, code?: string) =>
  expect.objectContaining(code === undefined ? { status } : { status, code })
const refused = () => new GrantRefusedError('foreign.test', 'It is over.', 400)
const away = () => new PeerError('unreachable', 'foreign.test', 'It is away.')
const unable = () => new PeerError('unsupported', 'foreign.test', 'It cannot.')
const BASIC = `Basic ${Buffer.from('s3cret:').toString('base64')}`

describe('what opens a share of another server', () => {
  let clock: HandClock
  let credentials: RemoteCredentials
  let saved: string[]
  let codes: string[]
  let shownAt: string[]
  let denied: string
  let heard: string[]
  let exchange: () => Promise<AccessToken>

  beforeEach(() => {
    clock = new HandClock()
    saved = []
    codes = []
    shownAt = []
    denied = ''
    heard = []
    exchange = async () => ({ accessToken: `t${codes.length}`, expiresInSeconds: 300 })
    credentials = newCredentials()
  })

  const newCredentials = () =>
    new RemoteCredentials({
      clock,
      seal: { seal: (text) => text, open: (text) => text },
      ocm: {
        exchangeToken: (host, code, options) => {
          codes.push(`${code}@${host}`)
          shownAt.push(options.shownAt)
          return exchange()
        },
      },
      isDenied: async (host) => host === denied,
      heardFrom: (host) => void heard.push(host),
      save: async (_, access) => void saved.push(access),
    })

  it('is a token for its secret, exchanged once for many who ask together', async () => {
    const source = credentials.of(shareWith())
    const all = await Promise.all([1, 2, 3].map(() => source.get()))
    expect(all.map(({ header }) => header)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1'])
    expect(codes).toEqual(['s3cret@foreign.test'])
    expect((await credentials.of(shareWith({ id: 'r2' })).get()).header).toBe('Bearer t2')
  })

  it('tells, when it has let us in, that its server is up, and not at every request', async () => {
    const source = credentials.of(shareWith())
    const credential = await source.get()
    expect(heard).toEqual([])
    for (let n = 0; n < 3; n++) await source.worked(credential)
    expect(heard).toEqual(['foreign.test'])
    clock.advance(10_000)
    await source.worked(credential)
    expect(heard).toEqual(['foreign.test', 'foreign.test'])
  })

  it('is proven for a minute after it was let in', async () => {
    const source = credentials.of(shareWith({ access: 'token' }))
    expect(source.isProven()).toBe(false)
    await source.worked(await source.get())
    expect(source.isProven()).toBe(true)
    clock.advance(60_000)
    expect(source.isProven()).toBe(false)
  })

  it('is asked for together with the address where it will be shown', async () => {
    await credentials.of(shareWith({ webdavUri: 'https://u:p@files.test:8443/dav?x#y' })).get()
    await credentials.of(shareWith({ id: 'r2', webdavUri: undefined })).get()
    expect(shownAt).toEqual(['https://files.test:8443/dav', ''])
  })

  it.each<[string, () => Error, number]>([
    ['it is away', away, 503],
    ['the secret is not taken', refused, 404],
    ['we do not trust it', () => new PeerError('not-trusted', 'foreign.test', 'It is not listed.'), 403],
    ['its answer makes no sense', () => new PeerError('bad-answer', 'foreign.test', 'What?'), 502],
  ])('is never the secret in place of a token because %s', async (_, error, status) => {
    exchange = () => Promise.reject(error())
    const source = credentials.of(shareWith())
    await expect(source.get()).rejects.toEqual(failure(status))
    await expect(source.next([{ form: 'bearer', header: 'Bearer x' }])).rejects.toEqual(failure(status))
  })

  it('is nothing once an administrator has denied its sender, or the host of its files', async () => {
    const source = credentials.of(shareWith({ webdavUri: 'https://files.test:8443/dav', access: 'bearer' }))
    expect((await source.get()).form).toBe('bearer')
    for (denied of ['foreign.test', 'files.test:8443']) {
      await expect(source.get()).rejects.toEqual(failure(403, 'PEER_NOT_TRUSTED'))
    }
    denied = ''
    expect((await source.get()).form).toBe('bearer')
  })

  it('is exchanged anew shortly before a token ends, and not earlier', async () => {
    const source = credentials.of(shareWith())
    await source.get()
    clock.advance(269_000)
    expect((await source.get()).header).toBe('Bearer t1')
    clock.advance(2_000)
    expect((await source.get()).header).toBe('Bearer t2')
  })

  it('is kept for half of its time when that is short', async () => {
    exchange = async () => ({ accessToken: `t${codes.length}`, expiresInSeconds: 10 })
    const source = credentials.of(shareWith())
    await source.get()
    clock.advance(4_000)
    expect((await source.get()).header).toBe('Bearer t1')
    clock.advance(2_000)
    expect((await source.get()).header).toBe('Bearer t2')
  })

  it('is renewed after a 401, once', async () => {
    const source = credentials.of(shareWith({ mustExchange: true }))
    const first = await source.get()
    const second = await source.next([first])
    expect(second?.header).toBe('Bearer t2')
    expect(await source.next([first, second as never])).toBeUndefined()
    expect(codes).toHaveLength(2)
  })

  it('is what somebody else has renewed meanwhile', async () => {
    const source = credentials.of(shareWith())
    const first = await source.get()
    const [one, two] = await Promise.all([source.next([first]), source.next([first])])
    expect([one?.header, two?.header]).toEqual(['Bearer t2', 'Bearer t2'])
    expect((await source.next([first]))?.header).toBe('Bearer t2')
    expect(codes).toHaveLength(2)
  })

  it('is the secret as Bearer, then as the user of Basic, where there are no tokens', async () => {
    exchange = async () => Promise.reject(unable())
    const source = credentials.of(shareWith())
    const bearer = await source.get()
    expect(bearer).toEqual({ form: 'bearer', header: 'Bearer s3cret' })
    const basic = await source.next([bearer])
    expect(basic).toEqual({ form: 'basic', header: BASIC })
    expect(await source.next([bearer, basic as never])).toBeUndefined()
  })

  it('is remembered when it worked, and asked for first from then on', async () => {
    exchange = async () => Promise.reject(unable())
    const source = credentials.of(shareWith())
    expect(source.isProven()).toBe(false)
    await source.worked({ form: 'basic', header: BASIC })
    await source.worked({ form: 'basic', header: BASIC })
    expect(saved).toEqual(['basic'])
    expect(source.isProven()).toBe(true)
    expect((await source.get()).form).toBe('basic')
    const afterRestart = newCredentials().of(shareWith({ access: 'basic' }))
    expect([afterRestart.isProven(), (await afterRestart.get()).header]).toEqual([false, BASIC])
    expect(codes).toEqual([])
  })

  it('is looked for again when its server changed its mind', async () => {
    const source = credentials.of(shareWith({ access: 'basic' }))
    const basic = await source.get()
    const token = await source.next([basic])
    expect(token?.form).toBe('token')
    await source.worked(token as never)
    expect([saved, (await source.get()).form]).toEqual([['token'], 'token'])
  })

  it('is not asked for in every way again and again when nothing opens the share', async () => {
    exchange = async () => Promise.reject(unable())
    const source = credentials.of(shareWith({ access: 'bearer' }))
    const bearer = await source.get()
    const basic = await source.next([bearer])
    await source.next([bearer, basic as never])
    expect(await source.next([bearer])).toBeUndefined()
    clock.advance(31_000)
    expect((await source.next([bearer]))?.form).toBe('basic')
  })

  it('is never the secret where the sender demands a token', async () => {
    exchange = async () => Promise.reject(unable())
    const source = credentials.of(shareWith({ mustExchange: true, access: 'basic' }))
    await expect(source.get()).rejects.toEqual(failure(501, 'PEER_UNSUPPORTED'))
    exchange = async () => Promise.reject(refused())
    await expect(source.get()).rejects.toEqual(failure(404, 'SHARE_GONE'))
    expect(await source.next([{ form: 'token', header: 'Bearer old' }])).toBeUndefined()
  })

  it('is not the secret when a token opened it before and there is none now', async () => {
    const source = credentials.of(shareWith({ access: 'token' }))
    exchange = async () => Promise.reject(away())
    await expect(source.get()).rejects.toEqual(failure(503, 'PEER_UNREACHABLE'))
    await expect(source.next([{ form: 'token', header: 'Bearer old' }])).rejects.toEqual(failure(503))
    exchange = async () => Promise.reject(refused())
    await expect(source.get()).rejects.toEqual(failure(404, 'SHARE_GONE'))
  })
})
