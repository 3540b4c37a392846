import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { FakeCloud } from './ocm/fake-cloud.ts'
import { startFakeOcmGo } from './ocm/ocm-go.ts'
import { startFakeOpencloud } from './ocm/opencloud.ts'
import { startFakeOwncloud10 } from './ocm/owncloud10.ts'
import { startFakeReva } from './ocm/reva.ts'
import { Stranger } from './ocm/stranger.ts'

interface Recorded {
  from: string
  to: string
  title: string
  path: string
  body: Record<string, unknown>
  answer: { status: number; body: string }
}
const file = join(import.meta.dirname, '../fixtures/ocm/opencloud-2025-messages.json')
const recorded = (JSON.parse(readFileSync(file, 'utf8')) as { messages: Recorded[] }).messages
const ALAN = 'b1f74ec4-dd7e-11ef-a543-03775734d0f7'
const ALAN_INVITED = 'YjFmNzRlYzQtZGQ3ZS0xMWVmLWE1NDMtMDM3NzU3MzRkMGY3QGh0dHBzOi8vb2MxLnRlc3Q='

const opened: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
async function withStranger<T extends FakeCloud>(starting: Promise<T>) {
  const [cloud, stranger] = [await starting, await Stranger.start()]
  opened.push(cloud, stranger)
  return { cloud, stranger }
}

describe('OpenCloud answers what was recorded to', () => {
  const asked = recorded.filter((message) => message.to === 'oc1' && message.path !== '/ocm/notifications')
  it.each(asked)('$title', async (message) => {
    const { cloud, stranger } = await withStranger(startFakeOpencloud({ users: ['alan'], wire: 'url' }))
    cloud.trust('node1.test')
    const { token } = cloud.createInvite('alan')
    const text = (value: string) =>
      value
        .replaceAll(ALAN_INVITED, cloud.inviteIdOf('alan'))
        .replaceAll(ALAN, cloud.user('alan').id)
        .replaceAll('oc1.test', cloud.host)
        .replaceAll('e9a73b31-05dd-45b3-b5bc-ec3bc09a85d2', token)
        .replaceAll('alan@example.org', 'alan@mail.test')
        .replaceAll('Alan Turing', 'ALAN')
    const answer = await stranger.post(cloud.url + message.path, text(JSON.stringify(message.body)))
    expect(answer.status).toBe(message.answer.status)
    expect(answer.json).toEqual(JSON.parse(text(message.answer.body)))
  })
})

describe('oCIS and OpenCloud', () => {
  it('find the address of a share under the key of their own, and nowhere else', async () => {
    for (const [wire, url, uri] of [
      ['url', 1, 0],
      ['uri', 1, 1],
    ] as const) {
      const { cloud, stranger } = await withStranger(startFakeOpencloud({ users: ['bob'], wire }))
      cloud.trust(stranger.host)
      const shown = async (key: 'url' | 'uri') => {
        const before = cloud.taken.length
        const webdav = { sharedSecret: 's', permissions: ['read'], [key]: 'http://x.test/dav/1' }
        const answer = await stranger.post(`${cloud.url}/ocm/shares`, modern(stranger, cloud, { webdav }))
        expect(answer.status).toBe(200)
        return cloud.taken.length - before
      }
      expect([wire, await shown('url'), await shown('uri')]).toEqual([wire, url, uri])
    }
  })

  it('refuse protocols they do not know', async () => {
    const { cloud, stranger } = await withStranger(startFakeOpencloud({ users: ['bob'] }))
    cloud.trust(stranger.host)
    const answer = await stranger.post(`${cloud.url}/ocm/shares`, modern(stranger, cloud, { ssh: {} }))
    expect([answer.status, answer.json]).toMatchObject([400, { code: 'INVALID_PARAMETER' }])
  })

  it('open files to the bearer of the secret only', async () => {
    const { cloud, stranger } = await withStranger(startFakeOpencloud({ users: ['bob'] }))
    cloud.trust('x.test', `http://${stranger.host}/`)
    await cloud.addFile('bob', 'a.txt', 'alpha')
    const share = await cloud.shareFile('bob', 'a.txt', 'ann@x.test')
    const ask = async (path: string, authorization: string) => {
      const headers = { Authorization: authorization }
      return (await stranger.client.call({ method: 'GET', url: cloud.url + path, headers })).status
    }
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
    expect(await ask(`/dav/ocm/${share.id}`, `Bearer ${share.secret}`)).toBe(200)
    expect(await ask(`/dav/ocm/${share.id}`, basic(`${share.secret}:`))).toBe(401)
    expect(await ask(`/dav/ocm/${share.id}`, basic(`${share.id}:${share.secret}`))).toBe(500)
    expect(await ask('/dav/ocm/', `Bearer ${share.secret}`)).toBe(401)
    expect(await ask('/public.php/webdav/', basic(`${share.secret}:`))).toBe(502)
  })

  it('oCIS wants to know whom a notification is for', async () => {
    const { cloud, stranger } = await withStranger(startFakeOpencloud({ users: ['bob'], ocis: true }))
    const tell = async (notification: object) => {
      const wire = { notificationType: 'SHARE_UNSHARED', resourceType: 'file', providerId: 'x', notification }
      return (await stranger.post(`${cloud.url}/ocm/notifications`, wire)).status
    }
    expect([await tell({ sharedSecret: 's' }), await tell({ grantee: 'bob' })]).toEqual([400, 201])
  })
})

describe('ownCloud 10', () => {
  const old = (stranger: Stranger, change: object = {}) => ({
    ...{ shareWith: 'bob@oc10.test', name: 'a.txt', providerId: '7', owner: `ann@${stranger.host}` },
    ...{ shareType: 'user', resourceType: 'file' },
    protocol: { name: 'webdav', options: { sharedSecret: 's' } },
    ...change,
  })
  it.each<[string, object, number]>([
    ['its own form', {}, 201],
    ['no owner', { owner: null }, 400],
    ['no options', { protocol: { name: 'webdav' } }, 400],
    ['the form of OCM 1.1', { protocol: { name: 'multi', webdav: { uri: 'x', sharedSecret: 's' } } }, 400],
    ['another protocol', { protocol: { name: 'multi', options: { sharedSecret: 's' } } }, 501],
    ['a group', { shareType: 'group' }, 501],
    ['a folder by name', { resourceType: 'folder' }, 501],
    ['somebody unknown', { shareWith: 'eve@oc10.test' }, 400],
  ])('answers to %s as it does', async (_what, change, status) => {
    const { cloud, stranger } = await withStranger(startFakeOwncloud10({ users: ['bob'] }))
    const url = `${cloud.url}/index.php/apps/federatedfilesharing/shares`
    const answer = await stranger.post(url, old(stranger, change))
    expect(answer.status).toBe(status)
    expect(answer.json).toEqual(status === 201 ? [] : { message: expect.any(String) })
  })

  it('is found at one place, with share types where others have resource types', async () => {
    const { cloud, stranger } = await withStranger(startFakeOwncloud10({ users: ['bob'] }))
    const ask = (path: string) => stranger.client.call({ method: 'GET', url: cloud.url + path })
    expect((await ask('/.well-known/ocm')).status).toBe(404)
    const document = (await ask('/ocm-provider/')).json
    expect(document).toMatchObject({ apiVersion: '1.0-proposal1', shareTypes: [{ name: 'file' }] })
    expect(document).not.toHaveProperty('resourceTypes')
  })
})

describe('Reva', () => {
  const send = async (protocol: object, change: object = {}, document: object = {}) => {
    const { cloud, stranger } = await withStranger(
      startFakeReva({ users: ['bob'], autoAccept: [/stranger/] }),
    )
    Object.assign(stranger.document, document)
    const wire = { ...modern(stranger, cloud, protocol), ...change }
    const answer = await stranger.post(`${cloud.url}/ocm/shares`, wire)
    return { status: answer.status, json: answer.json, uri: cloud.taken[0]?.uri, host: stranger.host }
  }
  const webdav = (change: object = {}) => ({
    webdav: { uri: 'http://stranger.test/dav/1', sharedSecret: 's', permissions: ['read'], ...change },
  })

  it('takes the form of OCM 1.1, and puts relative addresses below the prefix', async () => {
    expect(await send({ options: {}, ...webdav() })).toMatchObject({ status: 201, json: {} })
    const { uri, host } = await send(webdav({ uri: 'abc' }))
    expect(uri).toBe(`http://${host}/dav/ocm/abc`)
  })

  it.each<[string, object, object, object, number]>([
    ['another protocol', { ...webdav(), ssh: {} }, {}, {}, 400],
    ['another requirement', webdav({ requirements: ['must-use-mfa'] }), {}, {}, 400],
    ['no sender', webdav(), { sender: '' }, {}, 400],
    ['somebody unknown', webdav(), { shareWith: 'eve@reva.test' }, {}, 404],
    ['a group', webdav(), { shareType: 'group' }, {}, 500],
    [
      'a type that the sender does not offer',
      webdav(),
      { resourceType: 'folder' },
      { resourceTypes: [{ name: 'file', shareTypes: ['user'], protocols: { webdav: '/x' } }] },
      400,
    ],
    ['a sender it cannot discover', webdav(), { sender: 'ann@127.0.0.1:9' }, {}, 400],
  ])('refuses %s', async (_what, protocol, change, document, status) => {
    expect(await send(protocol, change, document)).toMatchObject({
      status,
      json: { code: expect.any(String) },
    })
  })

  it('refuses people nobody has invited', async () => {
    const { cloud, stranger } = await withStranger(startFakeReva({ users: ['bob'] }))
    const answer = await stranger.post(`${cloud.url}/ocm/shares`, modern(stranger, cloud, webdav()))
    expect([answer.status, answer.json]).toMatchObject([401, { code: 'UNAUTHENTICATED' }])
  })
})

describe('the strict server of OCM 1.4', () => {
  const good = { uri: 'abc', sharedSecret: 's', permissions: ['read'], requirements: ['must-exchange-token'] }
  const start = () => withStranger(startFakeOcmGo({ users: ['bob'], mustInvite: false }))

  it('takes one form, again when it is the same, and not when it has changed', async () => {
    const { cloud, stranger } = await start()
    const send = async (change: object = {}) => {
      const wire = { ...modern(stranger, cloud, { webdav: good }), ...change }
      return (await stranger.post(`${cloud.url}/ocm/shares`, wire, { sign: 'tag' })).status
    }
    expect([await send(), await send(), await send({ name: 'other' })]).toEqual([201, 201, 409])
    expect(cloud.taken).toHaveLength(1)
  })

  it.each<[string, object, object, number, string]>([
    ['writing', { webdav: { ...good, permissions: ['read', 'write'] } }, {}, 501, 'PROTOCOL_NOT_SUPPORTED'],
    ['no exchange', { webdav: { ...good, requirements: undefined } }, {}, 501, 'PROTOCOL_NOT_SUPPORTED'],
    [
      'transfers',
      { webdav: { ...good, accessTypes: ['remote', 'datatx'] } },
      {},
      501,
      'PROTOCOL_NOT_SUPPORTED',
    ],
    ['a whole address', { webdav: { ...good, uri: 'http://x.test/1' } }, {}, 501, 'PROTOCOL_NOT_SUPPORTED'],
    ['a folder', { webdav: good }, { resourceType: 'folder' }, 501, 'RESOURCE_TYPE_NOT_SUPPORTED'],
    ['a group', { webdav: good }, { shareType: 'group' }, 501, 'SHARE_TYPE_NOT_SUPPORTED'],
    ['somebody unknown', { webdav: good }, { shareWith: 'eve@ocmgo.test' }, 400, 'INVALID_PARAMETERS'],
    ['an owner elsewhere', { webdav: good }, { owner: 'x@other.test' }, 403, 'OWNER_NOT_ON_SENDING_SERVER'],
  ])('refuses %s', async (_what, protocol, change, status, message) => {
    const { cloud, stranger } = await start()
    const wire = { ...modern(stranger, cloud, protocol), ...change }
    const answer = await stranger.post(`${cloud.url}/ocm/shares`, wire, { sign: 'tag' })
    expect([answer.status, answer.json]).toMatchObject([status, { message }])
  })

  it('refuses unsigned messages, older forms and peers that name others', async () => {
    const { cloud, stranger } = await start()
    const url = `${cloud.url}/ocm/shares`
    const wire = modern(stranger, cloud, { webdav: good })
    const status = async (sign?: 'tag' | 'label' | 'cavage') =>
      (await stranger.post(url, wire, sign ? { sign } : {})).status
    expect([await status(), await status('label'), await status('cavage')]).toEqual([401, 401, 401])
    stranger.document = { tokenEndPoint: 'http://elsewhere.test/token' }
    expect(await status('tag')).toBe(401)
  })
})

function modern(stranger: Stranger, cloud: FakeCloud, protocol: object): Record<string, unknown> {
  const person = `ann@${stranger.host}`
  return {
    ...{ shareWith: cloud.addressOf('bob'), name: 'a.txt', providerId: '7', owner: person, sender: person },
    ...{ shareType: 'user', resourceType: 'file', protocol: { name: 'multi', ...protocol } },
  }
}
