import { describe, expect, it } from 'vitest'
import {
  findPerson,
  readAcceptedInvite,
  readNotification,
  readShare,
  writeShare,
} from '../../src/ocm/dialects/standard.ts'
import { OcmRefusal } from '../../src/ocm/incoming/ocm-answer.ts'
import type { PeerInfo } from '../../src/ocm/peer-info.ts'
import { START_MS, sampleShare } from './support.ts'

const peer: PeerInfo = {
  host: 'krakow.test',
  apiVersion: '1.4.0',
  provider: '',
  endPoint: 'https://krakow.test/ocm',
  capabilities: [],
  criteria: [],
  resourceTypes: [
    { name: 'file', shareTypes: ['user'] },
    { name: 'folder', shareTypes: ['user'] },
  ],
}
const webdav = { uri: 'https://leiden.test/dav/ocm/1', sharedSecret: 's3cr3t', permissions: ['read'] }
const wire = {
  shareWith: 'u-jan@krakow.test',
  name: 'beamtime-042',
  providerId: '42',
  owner: 'u-ann@leiden.test',
  sender: 'u-ann@leiden.test',
  shareType: 'user',
  resourceType: 'folder',
  protocol: { name: 'multi', webdav },
}

function answerOf(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (error instanceof OcmRefusal) return error.answer
    throw error
  }
}

describe('a share in the standard form', () => {
  it('comes back as it was written', () => {
    const share = sampleShare('leiden.test', 'krakow.test')
    const written = JSON.parse(JSON.stringify(writeShare(share, peer)))
    expect(readShare(written)).toEqual(share)
    expect(written).toMatchObject({ expiration: (START_MS + 86_400_000) / 1000, protocol: { name: 'multi' } })
  })

  it('calls a folder a file for a peer that knows only files', () => {
    const filesOnly = { ...peer, resourceTypes: [{ name: 'file', shareTypes: ['user'] }] }
    expect(writeShare(sampleShare('leiden.test', 'krakow.test'), filesOnly).resourceType).toBe('file')
  })
})

describe('an incoming share is read leniently', () => {
  it('from Nextcloud: sharedBy, numeric id, schemes in ids', () => {
    const { sender: _none, ...rest } = wire
    const share = readShare({
      ...rest,
      providerId: 42,
      sharedBy: 'u-ann@https://leiden.test/',
      sharedByDisplayName: 'Ann',
      owner: 'u-ann@http://Leiden.test',
      shareWith: 'u-jan@https://krakow.test',
      description: null,
    })
    expect(share).toMatchObject({
      providerId: '42',
      sender: { id: 'u-ann', host: 'leiden.test' },
      senderDisplayName: 'Ann',
      owner: { host: 'leiden.test' },
      shareWith: { id: 'u-jan', host: 'krakow.test' },
      description: '',
    })
  })

  it('from Reva: expiration 0, empty options, unknown members', () => {
    const protocol = { name: 'multi', options: {}, webdav: { ...webdav, accessTypes: ['remote'] } }
    const share = readShare({ ...wire, code: '', expiration: 0, ownerDisplayName: '', protocol })
    expect(share).not.toHaveProperty('expiresAtMs')
  })

  it('from oCIS: url in place of uri; and from any with only an owner', () => {
    const { sender: _none, ...rest } = wire
    const share = readShare({ ...rest, protocol: { webdav: { url: webdav.uri, sharedSecret: 's' } } })
    expect(share).toMatchObject({
      sender: { id: 'u-ann' },
      webdav: { uri: webdav.uri, permissions: ['read'] },
    })
  })

  it('with other protocols beside WebDAV and odd permissions passed over', () => {
    const protocol = {
      name: 'multi',
      ssh: { uri: 'x' },
      webdav: { ...webdav, permissions: ['read', 'fly'], size: -1 },
    }
    expect(readShare({ ...wire, protocol }).webdav).toEqual(webdav)
  })
})

describe('an incoming share is refused', () => {
  const invalid = (name: string, message: string) => ({
    status: 400,
    body: { message: 'INVALID_PARAMETERS', validationErrors: [{ name, message }] },
  })
  const unsupported = (message: string) => ({ status: 501, body: { message } })
  const withWebdav = (extra: object) => ({ protocol: { name: 'multi', webdav: { ...webdav, ...extra } } })

  it.each([
    ['without recipient', { shareWith: undefined }, invalid('shareWith', 'REQUIRED')],
    ['with a recipient that is no address', { shareWith: 'jan' }, invalid('shareWith', 'INVALID_FORMAT')],
    ['without name', { name: '' }, invalid('name', 'REQUIRED')],
    ['with an object as id', { providerId: {} }, invalid('providerId', 'INVALID_FORMAT')],
    ['without anybody who sends', { sender: null, owner: null }, invalid('sender', 'REQUIRED')],
    ['without protocol', { protocol: undefined }, invalid('protocol', 'REQUIRED')],
    [
      'without secret',
      withWebdav({ sharedSecret: undefined }),
      invalid('protocol.webdav.sharedSecret', 'REQUIRED'),
    ],
    ['without address', withWebdav({ uri: undefined }), invalid('protocol.webdav.uri', 'REQUIRED')],
    ['with a text as expiry', { expiration: 'soon' }, invalid('expiration', 'INVALID_FORMAT')],
    ['for a federation', { shareType: 'federation' }, unsupported('SHARE_TYPE_NOT_SUPPORTED')],
    ['of a calendar', { resourceType: 'calendar' }, unsupported('RESOURCE_TYPE_NOT_SUPPORTED')],
    ['over ssh only', { protocol: { name: 'multi', ssh: {} } }, unsupported('PROTOCOL_NOT_SUPPORTED')],
    [
      'in the form of 1.0 without secret',
      { protocol: { name: 'webdav', options: [] } },
      invalid('protocol.options.sharedSecret', 'REQUIRED'),
    ],
    [
      'in the form of 1.0 with a secret that Basic cannot carry',
      { protocol: { name: 'webdav', options: { sharedSecret: 'a:b' } } },
      invalid('protocol.options.sharedSecret', 'INVALID_FORMAT'),
    ],
    [
      'with a requirement of another protocol that we cannot meet',
      { protocol: { name: 'multi', webdav, webapp: { requirements: ['must-use-mfa'] } } },
      unsupported('REQUIREMENT_NOT_SUPPORTED'),
    ],
    [
      'with a requirement we cannot meet',
      withWebdav({ requirements: ['must-use-mfa'] }),
      unsupported('REQUIREMENT_NOT_SUPPORTED'),
    ],
  ])('%s', (_what, change, answer) => {
    expect(answerOf(() => readShare(JSON.parse(JSON.stringify({ ...wire, ...change }))))).toEqual(answer)
  })

  it('with every wrong member named at once', () => {
    const answer = answerOf(() => readShare({})) as { body: { validationErrors: { name: string }[] } }
    expect(answer.body.validationErrors.map((error) => error.name)).toEqual([
      'shareWith',
      'name',
      'providerId',
      'shareType',
      'resourceType',
      'protocol',
    ])
  })
})

describe('other messages', () => {
  it('a notification is read with or without its details', () => {
    const plain = { notificationType: 'SHARE_UNSHARED', providerId: 7 }
    expect(readNotification(plain)).toEqual({ type: 'SHARE_UNSHARED', resourceType: 'file', providerId: '7' })
    const full = {
      ...plain,
      resourceType: 'folder',
      notification: { sharedSecret: 's', messgage: 'x', message: 'gone' },
    }
    expect(readNotification(full)).toMatchObject({
      sharedSecret: 's',
      message: 'gone',
      resourceType: 'folder',
    })
    expect(readNotification({ ...plain, notification: [] })).toMatchObject({ providerId: '7' })
  })

  it.each([
    [{ notificationType: 'MLS_COMMIT', providerId: '1' }, 501, 'NOTIFICATION_TYPE_NOT_SUPPORTED'],
    [
      { notificationType: 'SYNC_CALENDAR', resourceType: 'calendar', providerId: 'calendar' },
      501,
      'RESOURCE_TYPE_NOT_SUPPORTED',
    ],
    [
      { notificationType: 'SHARE_UNSHARED', resourceType: 'user', providerId: '1' },
      501,
      'RESOURCE_TYPE_NOT_SUPPORTED',
    ],
    [{ notificationType: 'REQUEST_RESHARE', providerId: '1' }, 400, 'INVALID_PARAMETERS'],
    [{ notificationType: 'RESHARE_CHANGE_PERMISSION', providerId: '1' }, 400, 'INVALID_PARAMETERS'],
    [
      { notificationType: 'SHARE_CHANGE_PERMISSION', providerId: '1', notification: { protocol: [] } },
      400,
      'INVALID_PARAMETERS',
    ],
    [
      { notificationType: 'MESSAGE_POSTED', resourceType: 'talk-room', providerId: '1' },
      501,
      'RESOURCE_TYPE_NOT_SUPPORTED',
    ],
    [{ notificationType: 'SHARE_ACCEPTED' }, 400, 'INVALID_PARAMETERS'],
  ])('a notification %j is answered %i', (json, status, message) => {
    expect(answerOf(() => readNotification(json))).toMatchObject({ status, body: { message } })
  })

  it('an accepted invitation is read with the older spelling and a scheme', () => {
    const json = { recipientProvider: 'https://Krakow.test/', token: 't', userId: 'u-jan', name: 'Jan' }
    const recipient = { userId: 'u-jan', displayName: 'Jan', email: '' }
    expect(readAcceptedInvite(json)).toEqual({ token: 't', recipientProvider: 'krakow.test', recipient })
    expect(findPerson({ userId: 'u-ann', email: null })).toEqual({
      userId: 'u-ann',
      displayName: '',
      email: '',
    })
    expect(findPerson([])).toBeUndefined()
  })

  it.each([
    [{ recipientProvider: 'not a host', token: 't', userID: 'u' }, 'recipientProvider'],
    [{ recipientProvider: 'krakow.test', token: '', userID: 'u' }, 'token'],
    [{ recipientProvider: 'krakow.test', token: 't' }, 'userID'],
  ])('an accepted invitation %j is refused for its %s', (json, name) => {
    expect(answerOf(() => readAcceptedInvite(json))).toMatchObject({
      status: 400,
      body: { validationErrors: [{ name }] },
    })
  })
})
