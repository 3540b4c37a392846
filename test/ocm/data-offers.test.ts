import { afterEach, describe, expect, it } from 'vitest'
import {
  readNotification,
  readShare,
  writeNotification,
  writeShare,
} from '../../src/ocm/dialects/standard.ts'
import { ownDocument } from '../../src/ocm/discovery/own-document.ts'
import { readPeerDocument } from '../../src/ocm/discovery/peer-document.ts'
import { OcmRefusal } from '../../src/ocm/incoming/ocm-answer.ts'
import type { OcmNotification } from '../../src/ocm/notification.ts'
import { DIALECTS, type PeerInfo } from '../../src/ocm/peer-info.ts'
import type { DataOffer } from '../../src/ocm/types.ts'
import { createOutbound } from '../../src/platform/outbound.ts'
import { HandClock, ocmConfig, sampleShare, startForeign, startNode } from './support.ts'

const OPEN = '127.0.0.1'
const INSIDE = '127.0.0.2'
const clock = new HandClock()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const SRC = 'https://cernbox.test/remote.php/dav/ocm/7c084226'
const secret = 'hfiuhworzwnur98d3wjiwhr'
/** A share as Reva's `ocmd` writes it, with the protocol of a version. */
const fromReva = (protocol: object) => ({
  ...{ shareWith: 'jan@leiden.test', name: 'beamtime-042', description: '', providerId: '7c084226' },
  ...{ owner: 'einstein@cernbox.test', sender: 'einstein@cernbox.test', ownerDisplayName: 'Albert' },
  ...{ senderDisplayName: 'Albert', shareType: 'user', resourceType: 'folder', expiration: 0 },
  protocol: { name: 'multi', options: {}, ...protocol },
})

function answerOf(protocol: object): object {
  try {
    return readShare(fromReva(protocol)).webdav
  } catch (error) {
    if (error instanceof OcmRefusal) return error.answer
    throw error
  }
}

const wrong = (name: string, message: string) => ({
  status: 400,
  body: { validationErrors: [{ name, message }] },
})
const onlyData = { uri: SRC, sharedSecret: secret, permissions: ['read'], dataOffer: 'only' }

describe('an offer of data that is read', () => {
  it.each<[string, object, object]>([
    [
      'Reva 3.10: access types of WebDAV',
      {
        webdav: { uri: SRC, sharedSecret: secret, permissions: ['read'], accessTypes: ['remote', 'datatx'] },
      },
      { uri: SRC, dataOffer: 'beside' },
    ],
    [
      'Reva 3.10: for a transfer alone',
      { webdav: { uri: SRC, sharedSecret: secret, permissions: ['read'], accessTypes: ['datatx'], size: 9 } },
      { uri: SRC, dataOffer: 'only', sizeBytes: 9 },
    ],
    [
      'Reva before 3.5.1: webdav and datatx',
      {
        webdav: { uri: SRC, sharedSecret: secret, permissions: ['read'] },
        datatx: { srcUri: SRC, sharedSecret: secret, size: 123 },
      },
      { uri: SRC, dataOffer: 'beside', sizeBytes: 123 },
    ],
    [
      'Reva before 3.5.1: datatx alone',
      { datatx: { srcUri: SRC, sharedSecret: secret, size: 123 } },
      { ...onlyData, sizeBytes: 123 },
    ],
    ['a size that is none', { datatx: { srcUri: SRC, sharedSecret: secret, size: -1 } }, onlyData],
    [
      'Reva 2: token and path in the address',
      { datatx: { srcUri: `https://${secret}@cernbox.test/remote.php/dav/ocm?name=/7c084226`, size: 0 } },
      { ...onlyData, sizeBytes: 0 },
    ],
    ['the secret in the options', { datatx: { srcUri: SRC }, options: { sharedSecret: secret } }, onlyData],
    [
      'an ordinary share',
      { webdav: { uri: SRC, sharedSecret: secret, accessTypes: ['remote'] } },
      { uri: SRC },
    ],
  ])('%s', (_what, protocol, expected) => {
    const read = answerOf(protocol)
    expect(read).toMatchObject(expected)
    if (!('dataOffer' in expected)) expect(read).not.toHaveProperty('dataOffer')
  })

  it.each<[string, object, object]>([
    ['no address', { datatx: { sharedSecret: secret } }, wrong('protocol.datatx.srcUri', 'REQUIRED')],
    ['no secret', { datatx: { srcUri: SRC } }, wrong('protocol.datatx.sharedSecret', 'REQUIRED')],
    [
      'a secret that is no header',
      { datatx: { srcUri: SRC, sharedSecret: 'a\r\nb' } },
      wrong('protocol.datatx.sharedSecret', 'REQUIRED'),
    ],
    ...['ftp://cernbox.test/x', '/remote.php/dav/ocm/1', 'file:///etc/passwd', 'gopher://x', '//x', 'x'].map(
      (srcUri): [string, object, object] => [
        `the address ${srcUri}`,
        { datatx: { srcUri, sharedSecret: secret } },
        wrong('protocol.datatx.srcUri', 'INVALID_FORMAT'),
      ],
    ),
    [
      'a path that leads out of it',
      { datatx: { srcUri: 'https://cernbox.test/dav/ocm?name=/../../admin', sharedSecret: secret } },
      wrong('protocol.datatx.srcUri', 'INVALID_FORMAT'),
    ],
    [
      'access of another kind',
      { webdav: { uri: SRC, sharedSecret: secret, accessTypes: ['carrier-pigeon'] } },
      { status: 501, body: { message: 'ACCESS_TYPE_NOT_SUPPORTED' } },
    ],
    [
      'an unknown requirement',
      { datatx: { srcUri: SRC, sharedSecret: secret, requirements: ['must-use-mfa'] } },
      { status: 501, body: { message: 'REQUIREMENT_NOT_SUPPORTED' } },
    ],
    ['neither', {}, { status: 501, body: { message: 'PROTOCOL_NOT_SUPPORTED' } }],
  ])('is refused with %s', (_what, protocol, expected) => {
    expect(answerOf(protocol)).toMatchObject(expected)
  })
})

describe('an offer of data that is written', () => {
  const at: PeerInfo = {
    ...{ host: 'krakow.test', apiVersion: '1.4.0', provider: '', endPoint: 'https://krakow.test/ocm' },
    ...{ capabilities: [], criteria: [] },
    resourceTypes: [{ name: 'folder', shareTypes: ['user'], takesData: true }],
  }
  const share = (dataOffer: DataOffer) => {
    const sample = sampleShare('leiden.test', 'krakow.test')
    return { ...sample, webdav: { ...sample.webdav, dataOffer } }
  }
  const webdavOf = (json: Record<string, unknown>) =>
    (json.protocol as { webdav?: { accessTypes?: string[] } }).webdav ?? {}

  it('says so to whoever announces that it takes data', () => {
    expect(webdavOf(writeShare(share('beside'), at)).accessTypes).toEqual(['remote', 'datatx'])
    expect(webdavOf(writeShare(share('only'), at)).accessTypes).toEqual(['datatx'])
    expect(readShare(writeShare(share('beside'), at)).webdav.dataOffer).toBe('beside')
  })

  it.each(DIALECTS)('is an ordinary share to a peer of the form %s that does not', (dialect) => {
    const silent = { ...at, resourceTypes: [{ name: 'folder', shareTypes: ['user'] }] }
    expect(webdavOf(writeShare(share('beside'), silent, dialect))).not.toHaveProperty('accessTypes')
  })

  it('is announced in discovery, and read there', () => {
    const config = {
      publicUrl: 'https://leiden.test',
      name: 'Leiden',
      ocm: ocmConfig({}),
      network: { insecureHttp: false },
    }
    const read = (features: object) =>
      readPeerDocument('leiden.test', 'https://leiden.test/.well-known/ocm', ownDocument(config, features))
    expect(read({ dataOffers: true })?.info.resourceTypes.map((type) => type.takesData)).toEqual([true, true])
    expect(read({})?.info.resourceTypes[0]).not.toHaveProperty('takesData')
  })
})

describe('the news of a copy', () => {
  const notice: OcmNotification = {
    ...{ type: 'DATA_TRANSFER', resourceType: 'folder', providerId: '1', sharedSecret: 's' },
    copy: { status: 'copied', files: 3, sizeBytes: 9, isVerified: true },
  }

  it('is read as it is written', () => {
    expect(readNotification(writeNotification(notice))).toMatchObject(notice)
  })

  it('changes nothing with a word that is not known, and its text cannot act', () => {
    const wire = (notification: object) => ({ ...writeNotification(notice), notification })
    expect(readNotification(wire({ status: 'teleported' })).copy).toBeUndefined()
    const read = readNotification(wire({ status: 'failed', reason: 'no\u001b[31m\nroom', files: -1 }))
    expect(read.copy).toEqual({ status: 'failed', reason: 'no[31m room' })
  })
})

describe('the address of an offer that arrives', () => {
  const document = JSON.stringify({
    ...{ enabled: true, apiVersion: '1.1.0', endPoint: '/ocm', capabilities: ['protocol-object'] },
    resourceTypes: [{ name: 'file', shareTypes: ['user'], protocols: { webdav: '/dav/' } }],
  })

  /** A sender, and a second host of the same machine; `evil.test` is inside. */
  async function world() {
    const script = { '/.well-known/ocm': () => ({ body: document }) }
    const inside = await startForeign(script, INSIDE)
    const sender = await startForeign(script, OPEN, inside.port)
    closers.push(inside.close, sender.close)
    const rules = { allow: [`${OPEN}/32`], insecureHttp: true, hosts: {} }
    const times = { connectTimeoutMs: 5_000, idleTimeoutMs: 5_000 }
    const outbound = createOutbound({ ...rules, ...times }, async (name) => [
      name === 'evil.test' ? INSIDE : OPEN,
    ])
    const node = await startNode('leiden.test', { clock, ocm: { requireSignatures: false }, outbound })
    closers.push(node.close)
    const send = async (protocol: object) => {
      const from = `ann@sender.test:${inside.port}`
      const message = { ...fromReva(protocol), shareWith: `jan@${node.host}`, owner: from, sender: from }
      const answer = await fetch(`http://127.0.0.1:${node.port}/ocm/shares`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(message),
      })
      return { status: answer.status, body: await answer.json() }
    }
    return { node, send, port: inside.port, inside }
  }
  const datatx = (srcUri: string) => ({ datatx: { srcUri, sharedSecret: secret } })

  it("may be the sender's own", async () => {
    const { node, send, port } = await world()
    expect((await send(datatx(`http://sender.test:${port}/dav/1`))).status).toBe(201)
    expect(node.inbox.shares[0]?.share.webdav).toMatchObject({ dataOffer: 'only' })
  })

  it('is refused on any other host, and on one inside, which is not asked', async () => {
    const { node, send, port, inside } = await world()
    const named = (message: string) => wrong('protocol.datatx.srcUri', message)
    expect(await send(datatx(`http://other.test:${port}/dav/1`))).toMatchObject(named('HOST_NOT_ALLOWED'))
    expect(await send(datatx('http://sender.test:1/dav/1'))).toMatchObject(named('HOST_NOT_ALLOWED'))
    expect(await send(datatx(`http://evil.test:${port}/dav/1`))).toMatchObject(named('INVALID_FORMAT'))
    expect(await send(datatx('http://169.254.169.254/latest'))).toMatchObject(named('INVALID_FORMAT'))
    expect(node.inbox.shares).toEqual([])
    expect(inside.asked).toEqual([])
  })

  it('on another host makes it an ordinary share, where that is what it is beside', async () => {
    const { node, send, port } = await world()
    const uri = `http://other.test:${port}/dav/1`
    const webdav = { uri, sharedSecret: secret, permissions: ['read'], accessTypes: ['remote', 'datatx'] }
    expect((await send({ webdav })).status).toBe(201)
    expect(node.inbox.shares[0]?.share.webdav).not.toHaveProperty('dataOffer')
    const only = await send({ webdav: { ...webdav, accessTypes: ['datatx'] } })
    expect(only).toMatchObject(wrong('protocol.webdav.uri', 'HOST_NOT_ALLOWED'))
  })
})
