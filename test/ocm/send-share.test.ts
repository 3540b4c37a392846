import { afterEach, describe, expect, it } from 'vitest'
import { createPeersRepo } from '../../src/ocm/peers-repo.ts'
import type { OcmShare } from '../../src/ocm/types.ts'
import { startFakeNextcloud } from '../fakes/ocm/nextcloud.ts'
import { startFakeOpencloud } from '../fakes/ocm/opencloud.ts'
import { startFakeOwncloud10 } from '../fakes/ocm/owncloud10.ts'
import {
  HandClock,
  type Script,
  sampleShare,
  startForeign,
  startNode,
  type TestNodeOptions,
} from './support.ts'

const clock = new HandClock()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function node(options: Partial<TestNodeOptions> = {}) {
  const leiden = await startNode('leiden.test', { clock, ...options })
  closers.push(leiden.close)
  return leiden
}

interface Wire {
  protocol: { name: string }
}
type Answer = { status: number; json?: unknown; body?: string }

/** A peer whose discovery suggests `standard` and that answers shares in turn as told. */
async function peer(answers: Answer[], document: object = { apiVersion: '1.4.0' }) {
  const got: Wire[] = []
  const script: Script = {
    '/.well-known/ocm': () => ({ body: JSON.stringify({ endPoint: '/ocm', ...document }) }),
    '/ocm/shares': (body) => {
      got.push(JSON.parse(body))
      const { status, json, body: text } = answers.shift() ?? { status: 500 }
      return { status, body: text ?? JSON.stringify(json ?? {}) }
    },
  }
  const foreign = await startForeign(script)
  closers.push(foreign.close)
  return { host: `old.test:${foreign.port}`, got, asked: foreign.asked, script }
}

const to = (host: string, change: Partial<OcmShare> = {}): OcmShare => ({
  ...sampleShare('leiden.test', host),
  ...change,
})
const reasonOf = (error: { reason?: string }) => error.reason
const formsOf = (got: Wire[]) => got.map(({ protocol }) => protocol.name)

const missing = { status: 400, json: { message: 'Missing arguments', validationErrors: [] } }

describe('a share that a peer does not take in the form its discovery suggests', () => {
  it('is sent once more in the form of the other family, which is remembered', async () => {
    const leiden = await node()
    const { host, got } = await peer([missing, { status: 201 }, { status: 201 }])
    await leiden.ocm.client.sendShare(to(host))
    expect(formsOf(got)).toEqual(['multi', 'webdav'])
    expect(got[1]).toMatchObject({
      resourceType: 'file',
      sharedBy: 'u-ann@leiden.test',
      protocol: { options: { sharedSecret: 'm3Yw1uJm0m7i0uQd2b7C1kq9' } },
    })
    await leiden.ocm.client.sendShare(to(host))
    expect(formsOf(got)).toEqual(['multi', 'webdav', 'webdav'])
    expect(await createPeersRepo(leiden.db).find(host)).toMatchObject({
      dialect: 'nextcloud',
      dialectGuess: 'standard',
      lastSuccess: { what: 'share-sent' },
    })
  })

  it('is sent as its discovery suggests again when that has changed', async () => {
    const leiden = await node()
    const { host, got, script } = await peer([missing, { status: 201 }, { status: 201 }])
    await leiden.ocm.client.sendShare(to(host))
    script['/.well-known/ocm'] = () => ({
      body: JSON.stringify({ endPoint: '/ocm', apiVersion: '1.3.0', capabilities: ['protocol-object'] }),
    })
    await leiden.ocm.client.discover(host, { fresh: true })
    await leiden.ocm.client.sendShare(to(host))
    expect(formsOf(got)).toEqual(['multi', 'webdav', 'multi'])
  })

  it.each([
    ['a 501 about the protocol', { status: 501, json: { message: 'PROTOCOL_NOT_SUPPORTED' } }],
    ['a 400 that names the member', { status: 400, json: { validationErrors: [{ name: 'protocol' }] } }],
    ['a 400 of Reva', { status: 400, json: { code: 'INVALID_PARAMETER', message: 'missing protocol' } }],
    ['a 400 without a word', { status: 400, body: '' }],
  ])('such as by %s, is tried twice and no more', async (_what, refusal) => {
    const leiden = await node()
    const { host, got } = await peer([refusal, refusal, { status: 201 }])
    const error = await leiden.ocm.client.sendShare(to(host)).catch((thrown) => thrown)
    expect(['unsupported', 'bad-answer', 'recipient-unknown']).toContain(reasonOf(error))
    expect(formsOf(got)).toEqual(['multi', 'webdav'])
  })

  it.each<[string, Answer, string]>([
    [
      'that the person is unknown',
      { status: 400, json: { message: 'User does not exist' } },
      'recipient-unknown',
    ],
    ['that the person is unknown', { status: 404, json: { message: 'user not found' } }, 'recipient-unknown'],
    [
      'that it should be signed',
      { status: 400, json: { message: 'instance is supposed to sign its request' } },
      'signature-refused',
    ],
    ['that we are not trusted', { status: 401 }, 'refused'],
    [
      'that groups are not taken',
      { status: 501, json: { message: 'SHARE_TYPE_NOT_SUPPORTED' } },
      'unsupported',
    ],
    ['that something broke, so that it may be stored', { status: 500, body: '<html>' }, 'bad-answer'],
    ['that it is busy', { status: 503 }, 'busy'],
  ])('is sent once when the peer says %s', async (_what, answer, reason) => {
    const leiden = await node()
    const { host, got } = await peer([answer, { status: 201 }])
    const error = await leiden.ocm.client.sendShare(to(host)).catch((thrown) => thrown)
    expect(reasonOf(error)).toBe(reason)
    expect(got).toHaveLength(1)
  })

  it('tells the answer to the second form when only the first was not understood', async () => {
    const leiden = await node()
    const { host } = await peer([missing, { status: 400, json: { message: 'User x does not exist' } }])
    const error = await leiden.ocm.client.sendShare(to(host)).catch((thrown) => thrown)
    expect(reasonOf(error)).toBe('recipient-unknown')
  })

  it('never shows the secret that a peer repeats in its answer', async () => {
    const leiden = await node()
    const repeat = { message: 'protocol options not supported: {"sharedSecret":"m3Yw1uJm0m7i0uQd2b7C1kq9"}' }
    const { host } = await peer([
      { status: 400, json: repeat },
      { status: 400, json: repeat },
    ])
    const error = await leiden.ocm.client.sendShare(to(host)).catch((thrown) => thrown)
    expect(error.message).toMatch(/protocol options not supported: …/)
    expect(error.message).not.toContain('m3Yw')
    const record = await createPeersRepo(leiden.db).find(host)
    expect(record?.lastFailure).toMatchObject({ what: 'share-sent', reason: 'bad-answer', status: 400 })
    expect(JSON.stringify(record)).not.toContain('m3Yw')
  })
})

describe('a share that demands an exchange of tokens', () => {
  const demanding = (host: string) => {
    const share = to(host)
    return { ...share, webdav: { ...share.webdav, requirements: ['must-exchange-token'] } }
  }

  it('is not sent to a peer that cannot exchange them', async () => {
    const leiden = await node()
    const { host, got } = await peer([])
    const error = await leiden.ocm.client.sendShare(demanding(host)).catch((thrown) => thrown)
    expect(reasonOf(error)).toBe('unsupported')
    expect(got).toEqual([])
  })

  it('is never put into the form that has no place for it', async () => {
    const leiden = await node()
    const document = { apiVersion: '1.1.0', provider: 'Nextcloud 35.0.1', capabilities: ['exchange-token'] }
    const { host, got } = await peer([missing, { status: 201 }], document)
    await leiden.ocm.client.sendShare(demanding(host)).catch(() => undefined)
    expect(got).toHaveLength(1)
    expect(got[0]).toMatchObject({
      protocol: { name: 'multi', webdav: { requirements: ['must-exchange-token'] } },
    })
  })
})

describe('the configuration of a peer', () => {
  it('decides the form, and where its API is when it has no discovery document', async () => {
    const foreign = await startForeign({ '/api/ocm/shares': () => ({ status: 200, body: '{}' }) })
    closers.push(foreign.close)
    const host = `old.test:${foreign.port}`
    const entry = { dialect: 'ocis', endPoint: `http://${host}/api/ocm/` } as const
    const leiden = await node({ ocm: { peers: { [host.toUpperCase()]: entry } } })
    await leiden.ocm.client.sendShare(to(host))
    expect(foreign.asked.at(-1)).toBe('POST /api/ocm/shares')
    const unknown = await leiden.ocm.client.discover(`other.test:${foreign.port}`).catch((error) => error)
    expect(reasonOf(unknown)).toBe('no-ocm')
  })
})

describe('a share', () => {
  const fakes: [string, () => ReturnType<typeof startFakeNextcloud>][] = [25, 32, 33].map((version) => [
    `Nextcloud ${version}`,
    () =>
      startFakeNextcloud({ users: ['bob'], name: 'old', version: version as 32, nowMs: () => clock.nowMs() }),
  ])

  it.each(fakes)('is taken by %s at the first try', async (_what, start) => {
    const leiden = await node()
    const cloud = await start()
    closers.push(() => cloud.close())
    const answer = await leiden.ocm.client.sendShare(
      to(cloud.host, {
        shareWith: { id: 'bob', host: cloud.host },
        ...{ owner: { id: 'ann', host: leiden.host }, sender: { id: 'ann', host: leiden.host } },
      }),
    )
    expect(answer).toEqual({ recipientDisplayName: 'BOB' })
    expect(cloud.requests.filter(({ path }) => path.endsWith('/shares'))).toHaveLength(1)
  })

  it('is taken by ownCloud 10 at the first try', async () => {
    const leiden = await node()
    const cloud = await startFakeOwncloud10({ users: ['bob'], name: 'old' })
    closers.push(() => cloud.close())
    await leiden.ocm.client.sendShare(to(cloud.host, { shareWith: { id: 'bob', host: cloud.host } }))
    expect(cloud.taken).toHaveLength(1)
    expect(cloud.requests.map(({ path }) => path.replace(/^.*\//, ''))).toEqual(['ocm', '', 'shares'])
  })

  it.each([
    ['OpenCloud of 2025', { wire: 'url' as const }],
    ['OpenCloud', { wire: 'uri' as const }],
    ['oCIS', { ocis: true }],
  ])('is taken by %s at the first try, for a person known from an invitation', async (_what, options) => {
    const leiden = await node()
    const cloud = await startFakeOpencloud({ users: ['bob'], name: 'old', ...options })
    closers.push(() => cloud.close())
    cloud.trust(leiden.host)
    const address = { id: 'ann', host: leiden.host }
    const share = to(cloud.host, { owner: address, sender: address, resourceType: 'folder' })
    const shareWith = { id: cloud.inviteIdOf('bob'), host: cloud.host }
    await leiden.ocm.client.sendShare({ ...share, shareWith })
    expect(cloud.taken).toMatchObject([{ resourceType: 'folder', uri: share.webdav.uri }])
    expect(cloud.requests.filter(({ path }) => path === '/ocm/shares')).toHaveLength(1)
  })
})
