import { describe, expect, it } from 'vitest'
import {
  noticeFor,
  readNotification,
  readShare,
  writeAcceptedInvite,
  writeNotification,
  writeNotificationAnswer,
  writeShare,
} from '../../src/ocm/dialects/standard.ts'
import type { OcmNotification } from '../../src/ocm/notification.ts'
import { DIALECTS, type Dialect, type PeerInfo } from '../../src/ocm/peer-info.ts'
import { sampleShare } from './support.ts'

const peer: PeerInfo = {
  host: 'krakow.test',
  apiVersion: '1.4.0',
  provider: '',
  endPoint: 'https://krakow.test/ocm',
  capabilities: [],
  criteria: [],
  resourceTypes: [],
}
const share = () => {
  const sample = sampleShare('leiden.test', 'krakow.test')
  return { ...sample, webdav: { ...sample.webdav, requirements: ['must-exchange-token'] } }
}
const written = (dialect: Dialect, at = peer) => JSON.parse(JSON.stringify(writeShare(share(), at, dialect)))

describe('a share that is written', () => {
  it.each(DIALECTS)('for %s is read as the same share', (dialect) => {
    const { webdav: _form, resourceType: _type, ...model } = readShare(written(dialect))
    const { webdav: _own, resourceType: _folder, ...original } = share()
    expect(model).toEqual(original)
    expect(readShare(written(dialect)).webdav.sharedSecret).toBe(share().webdav.sharedSecret)
  })

  it.each(DIALECTS)('for %s names its sender in both spellings', (dialect) => {
    expect(written(dialect)).toMatchObject({
      sender: 'u-ann@leiden.test',
      sharedBy: 'u-ann@leiden.test',
      sharedByDisplayName: 'Ann',
      providerId: expect.any(String),
    })
  })

  it('has the members of protocol that a server takes, and no other', () => {
    const { uri, sharedSecret } = share().webdav
    const plain = { uri, sharedSecret, permissions: ['read'] }
    const classic = {
      name: 'webdav',
      options: { sharedSecret, permissions: '{http://open-cloud-mesh.org/ns}share-permissions' },
    }
    const requirements = ['must-exchange-token']
    const forms = Object.fromEntries(DIALECTS.map((dialect) => [dialect, written(dialect).protocol]))
    expect(forms).toEqual({
      standard: { name: 'multi', webdav: { ...plain, requirements, size: 81_604_378_624 } },
      older: { name: 'multi', webdav: { ...plain, requirements } },
      reva: { name: 'multi', webdav: { ...plain, requirements } },
      ocis: { name: 'multi', webdav: { ...plain, url: uri } },
      nextcloud: classic,
      owncloud10: classic,
    })
  })

  it('calls a folder a file where folders are not known', () => {
    const filesOnly = { ...peer, resourceTypes: [{ name: 'file', shareTypes: ['user'] }] }
    const types = Object.fromEntries(DIALECTS.map((d) => [d, written(d, filesOnly).resourceType]))
    expect(types).toEqual({
      ...{ standard: 'file', older: 'file', nextcloud: 'file', owncloud10: 'file', reva: 'file' },
      // It lists files only, and asks for a file at another address than for a folder.
      ocis: 'folder',
    })
  })

  it('has a relative address for who receives no other', () => {
    const relative = { name: 'file', shareTypes: ['user'], webdavReceive: 'relative' as const }
    const { protocol } = written('standard', { ...peer, resourceTypes: [relative] })
    expect(protocol.webdav.uri).toBe('0c1d7a52-6f5e-4a0a-9f7a-0d7b9a2f11aa')
  })

  it.each([
    [
      'id@https://oc1.test in base64',
      'YjFmNzRlYzQtZGQ3ZS0xMWVmLWE1NDMtMDM3NzU3MzRkMGY3QGh0dHBzOi8vb2MxLnRlc3Q=',
    ],
    ['id@oc1.test', 'b1f74ec4-dd7e-11ef-a543-03775734d0f7@oc1.test'],
    ['the id', 'b1f74ec4-dd7e-11ef-a543-03775734d0f7'],
  ])('for OpenCloud goes to the bare id of a person known as %s', (_what, id) => {
    const message = writeShare({ ...share(), shareWith: { id, host: 'oc1.test' } }, peer, 'ocis')
    expect(message.shareWith).toBe('b1f74ec4-dd7e-11ef-a543-03775734d0f7@oc1.test')
  })

  it('leaves an id alone that only looks like one of OpenCloud', () => {
    const other = Buffer.from('x@elsewhere.test').toString('base64')
    const message = writeShare({ ...share(), shareWith: { id: other, host: 'oc1.test' } }, peer, 'ocis')
    expect(message.shareWith).toBe(`${other}@oc1.test`)
  })
})

describe('a notification that is written', () => {
  const notification: OcmNotification = {
    type: 'SHARE_UNSHARED',
    resourceType: 'folder',
    providerId: '42',
    sharedSecret: 's3cr3t',
    grantee: 'YWxhbkBodHRwczovL29jMS50ZXN0',
  }

  it.each(DIALECTS)('for %s has the secret and a sentence', (dialect) => {
    const message = writeNotification(notification, dialect, 'oc1.test')
    expect(message.notification).toMatchObject({ sharedSecret: 's3cr3t', message: 'File was unshared' })
    expect(readNotification(message)).toMatchObject({ type: 'SHARE_UNSHARED', providerId: '42' })
  })

  it('is about a file where folders are not known, and names the grantee to oCIS alone', () => {
    expect(writeNotification(notification, 'ocis', 'oc1.test')).toMatchObject({
      resourceType: 'file',
      notification: { grantee: 'alan' },
    })
    expect(writeNotification(notification, 'nextcloud')).toMatchObject({ resourceType: 'file' })
    expect(writeNotification(notification)).toMatchObject({ resourceType: 'folder' })
    expect(writeNotification(notification).notification).not.toHaveProperty('grantee')
  })

  it('tells changed permissions in the way of the server, where it has one', () => {
    const changed: OcmNotification = {
      ...notification,
      ...{ type: 'RESHARE_CHANGE_PERMISSION', permissions: ['read'], webdavUri: 'https://leiden.test/x' },
    }
    expect(writeNotification(changed, 'owncloud10')).toMatchObject({
      notificationType: 'RESHARE_CHANGE_PERMISSION',
      notification: { permission: ['read'] },
    })
    const webdav = { sharedSecret: 's3cr3t', permissions: ['read'], url: 'https://leiden.test/x' }
    expect(writeNotification(changed, 'ocis', 'oc1.test')).toMatchObject({
      notificationType: 'SHARE_CHANGE_PERMISSION',
      notification: { grantee: 'alan', protocol: { name: 'multi', webdav } },
    })
    for (const dialect of ['nextcloud', 'reva'] as const)
      expect(noticeFor(dialect, 'SHARE_CHANGE_PERMISSION')).toBeUndefined()
    for (const dialect of DIALECTS) expect(noticeFor(dialect, 'SHARE_ACCEPTED')).toBe('SHARE_ACCEPTED')
  })

  it('asks for a reshare with all that Nextcloud and ownCloud 10 want', () => {
    const asked: OcmNotification = {
      ...notification,
      ...{ type: 'REQUEST_RESHARE', shareWith: { id: 'dan', host: 'third.test' }, senderId: '17' },
    }
    expect(writeNotification(asked, 'nextcloud').notification).toMatchObject({
      ...{ sharedSecret: 's3cr3t', shareWith: 'dan@third.test', senderId: '17', shareType: 'user' },
    })
    expect(writeNotificationAnswer({ sharedSecret: 'n3w', providerId: '43' })).toEqual({
      ...{ token: 'n3w', sharedSecret: 'n3w', providerId: '43' },
    })
    expect(writeNotificationAnswer(undefined)).toEqual({})
  })
})

it('the acceptance of an invitation has the id in the spelling of Nextcloud 32 too', () => {
  const recipient = { userId: 'u-jan', displayName: 'Jan', email: 'jan@mail.test' }
  expect(writeAcceptedInvite('krakow.test', 't', recipient)).toEqual({
    ...{ recipientProvider: 'krakow.test', token: 't', userID: 'u-jan', userId: 'u-jan' },
    ...{ email: 'jan@mail.test', name: 'Jan' },
  })
})
