import { describe, expect, it } from 'vitest'
import { findAddress, findHost } from '../../src/ocm/address.ts'
import {
  findPerson,
  readAcceptedInvite,
  readNotification,
  readShare,
} from '../../src/ocm/dialects/standard.ts'
import { readPeerDocument } from '../../src/ocm/discovery/peer-document.ts'
import { OcmRefusal } from '../../src/ocm/incoming/ocm-answer.ts'
import { findJson } from '../../src/ocm/peer-answer.ts'
import { parseDictionary } from '../../src/ocm/signatures/structured-fields.ts'
import { urlOfPath } from '../../src/store/webdav-client/hrefs.ts'

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
const accepted = { recipientProvider: 'leiden.test', token: 't', userID: 'ann', email: '', name: 'Ann' }
/** Right-to-left override, an escape sequence, a C1 control, half a character. */
const EVIL = '\u202eevil\u001b[2J\u009b\ud800'

function statusOf(read: () => unknown): number {
  try {
    read()
    return 200
  } catch (error) {
    if (error instanceof OcmRefusal) return error.answer.status
    throw error
  }
}

describe('text of other servers', () => {
  it('reaches people without what could deceive them or their terminal', () => {
    const read = readShare({
      ...wire,
      name: EVIL,
      description: `a\nb${EVIL}`,
      ownerDisplayName: EVIL,
      senderDisplayName: EVIL,
    })
    expect(read).toMatchObject({
      name: 'evil[2J\ufffd',
      description: 'a\nbevil[2J\ufffd',
      ownerDisplayName: 'evil[2J\ufffd',
      senderDisplayName: 'evil[2J\ufffd',
    })
    expect(readAcceptedInvite({ ...accepted, name: EVIL, email: EVIL }).recipient).toMatchObject({
      displayName: 'evil[2J\ufffd',
      email: 'evil[2J\ufffd',
    })
    expect(findPerson({ userID: 'ann', name: EVIL, email: '' })).toMatchObject({
      displayName: 'evil[2J\ufffd',
    })
    const document = { endPoint: '/ocm', provider: EVIL, apiVersion: EVIL, capabilities: [EVIL, 'invites'] }
    expect(readPeerDocument('leiden.test', 'https://leiden.test/', document)?.info).toMatchObject({
      provider: 'evil[2J\ufffd',
      apiVersion: 'evil[2J\ufffd',
      capabilities: ['evil[2J\ufffd', 'invites'],
    })
  })

  it('keeps the marks that languages need', () => {
    for (const name of ['Übung 42', 'می\u200cخواهم', '👩\u200d🔬', 'नि'])
      expect(readShare({ ...wire, name }).name).toBe(name)
  })

  it('is cut where it is only shown', () => {
    const long = 'x'.repeat(50_000)
    const read = readShare({ ...wire, name: long, description: long, ownerDisplayName: long })
    expect([read.name.length, read.description.length, read.ownerDisplayName.length]).toEqual([
      1000, 10_000, 300,
    ])
  })

  it.each([
    ['a provider id', { providerId: 'x'.repeat(513) }],
    ['a provider id', { providerId: 'a\nb' }],
    ['a name of a person', { shareWith: `${'x'.repeat(513)}@krakow.test` }],
    ['an owner', { owner: `${'x'.repeat(513)}@leiden.test` }],
    ['a secret no header can carry', { protocol: { webdav: { ...webdav, sharedSecret: 'a\r\nX: y' } } }],
    ['a secret no header can carry', { protocol: { webdav: { ...webdav, sharedSecret: 'ä' } } }],
    ['a secret', { protocol: { webdav: { ...webdav, sharedSecret: 'x'.repeat(5000) } } }],
  ])('is refused where it must be exact and is out of bounds: %s', (_, change) => {
    expect(statusOf(() => readShare({ ...wire, ...change }))).toBe(400)
  })

  it('is refused as the name of a contact or of a share when it is out of bounds', () => {
    expect(statusOf(() => readAcceptedInvite({ ...accepted, userID: 'x'.repeat(513) }))).toBe(400)
    expect(statusOf(() => readAcceptedInvite({ ...accepted, userID: 'a\u0007b' }))).toBe(400)
    expect(findPerson({ userID: 'x'.repeat(513) })).toBeUndefined()
    const notice = { notificationType: 'SHARE_ACCEPTED', providerId: 'x'.repeat(513) }
    expect(statusOf(() => readNotification(notice))).toBe(400)
  })

  it('is whole characters wherever it came from', () => {
    expect(findJson('{"a":"x\\u0000\\ud800"}')).toEqual({ a: 'x\ufffd' })
    expect(findJson(`${'['.repeat(30_000)}${']'.repeat(30_000)}`) === undefined).toBeTypeOf('boolean')
  })
})

describe('a discovery document', () => {
  it('is kept only as far as it is of use', () => {
    const many = Array.from({ length: 5000 }, (_, n) => `capability-${n}`)
    const types = many.map((name) => ({ name, shareTypes: many.slice(0, 100) }))
    const document = { endPoint: '/ocm', capabilities: many, criteria: many, resourceTypes: types }
    const info = readPeerDocument('leiden.test', 'https://leiden.test/', document)?.info
    expect(JSON.stringify(info).length).toBeLessThan(20_000)
  })
})

describe('text that would keep a pattern busy', () => {
  it.each([
    ['a host of dots', () => findHost(`a${'.'.repeat(60_000)}a`)],
    ['a host of labels', () => findHost('ä.'.repeat(30_000))],
    [
      'an end point of slashes',
      () => readPeerDocument('h', 'https://h/', { endPoint: `/${'/'.repeat(120_000)}x` }),
    ],
    ['a root of slashes', () => urlOfPath(`https://h/${'/'.repeat(60_000)}x`, ['a'])],
    [
      'dots and spaces',
      () => findAddress(`${' '.repeat(30_000)}a${'.'.repeat(30_000)}@${'.'.repeat(30_000)}x`),
    ],
    ['members', () => parseDictionary('a=('.repeat(20_000))],
  ])('is done with at once: %s', (_, read) => {
    const startedMs = performance.now()
    try {
      read()
    } catch {
      // Whether it can be read does not matter here.
    }
    expect(performance.now() - startedMs).toBeLessThan(200)
  })
})
