import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ownDocument, ownDocumentFor } from '../../src/ocm/discovery/own-document.ts'
import { readPeerDocument } from '../../src/ocm/discovery/peer-document.ts'
import { ocmConfig } from './support.ts'

const schemaFile = new URL('../fixtures/ocm/ocm-discovery.current.schema.json', import.meta.url)
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'))

/** zod reads the schema's own text; its conditions (`allOf` with `if`) are checked by hand below. */
function validator() {
  const { allOf: _conditions, ...plain } = schema
  const text = JSON.stringify(plain).replace(/,"contains":\{"const":"user"\}/g, '')
  return z.fromJSONSchema(JSON.parse(text))
}

const config = (publicUrl: string, ocm = {}) => ({
  publicUrl,
  name: 'Leiden',
  ocm: ocmConfig(ocm),
  network: { insecureHttp: false },
})

describe('our discovery document', () => {
  it.each([
    'https://leiden.test',
    'https://leiden.test:8443/drive',
  ])('fits the schema of OCM 1.4 at %s', (url) => {
    const document = ownDocument(config(url))
    expect(validator().safeParse(document).error?.issues).toBeUndefined()
    expect(document.capabilities).toContain('http-sig')
    expect(document.jwksUri).toBe(`${url}/.well-known/jwks.json`)
    expect(JSON.stringify(document)).toContain('"shareTypes":["user"]')
  })

  it('says that applications are opened in windows, where tokens can be exchanged', () => {
    const document = ownDocument(config('https://leiden.test'), { exchangeToken: true, webapps: true })
    expect(validator().safeParse(document).error?.issues).toBeUndefined()
    expect(document.resourceTypes).toMatchObject([
      { name: 'file', protocols: { 'webapp-receive': { targets: ['blank'] } } },
      { name: 'folder', protocols: { 'webapp-receive': { targets: ['blank'] } } },
    ])
    const without = ownDocument(config('https://leiden.test'), {})
    expect(JSON.stringify(without)).not.toContain('webapp')
  })

  it('is not taken by the schema when a needed member is gone', () => {
    const { endPoint: _gone, ...document } = ownDocument(config('https://leiden.test'))
    expect(validator().safeParse(document).success).toBe(false)
  })

  it('puts the path of the public address before the WebDAV prefix', () => {
    const document = ownDocument(config('https://leiden.test/drive'))
    const info = readPeerDocument('leiden.test', 'https://leiden.test/.well-known/ocm', document)?.info
    expect(info).toMatchObject({
      endPoint: 'https://leiden.test/drive/ocm',
      provider: 'Leiden',
      resourceTypes: [
        { name: 'file', shareTypes: ['user'], webdavPath: '/drive/dav/ocm/' },
        { name: 'folder', shareTypes: ['user'], webdavPath: '/drive/dav/ocm/' },
      ],
      inviteAcceptDialog: 'https://leiden.test/drive/accept-invite',
    })
  })

  const all = { exchangeToken: true, groups: true, inviteWayf: true, basicAccess: true }

  it('promises what is switched on, and fits the schema with all of it', () => {
    const publicKey = { keyId: 'https://a.test/ocm#signature', publicKeyPem: 'PEM' }
    const document = ownDocument(config('https://a.test'), { ...all, publicKey })
    const { publicKey: _cavage, ...modern } = document
    expect(validator().safeParse(modern).error?.issues).toBeUndefined()
    expect(document).toMatchObject({
      publicKey,
      tokenEndPoint: 'https://a.test/ocm/token',
      capabilities: [
        'exchange-token',
        'http-sig',
        'invites',
        'invite-wayf',
        'notifications',
        'protocol-object',
      ],
      resourceTypes: [{ shareTypes: ['user', 'group'] }, { shareTypes: ['user', 'group'] }],
    })
    expect(ownDocument(config('https://a.test'))).not.toHaveProperty('tokenEndPoint')
  })

  it('is an old one for the crawlers of Nextcloud and ownCloud 10, and for nobody else', () => {
    const url = 'https://a.test/drive'
    for (const crawler of ['Nextcloud Server Crawler', 'ownCloud Server Crawler']) {
      const document = ownDocumentFor(crawler, config(url), all)
      expect(document).toMatchObject({ apiVersion: '1.1', endPoint: `${url}/ocm` })
      expect(document.resourceTypes).toContainEqual({
        name: 'file',
        shareTypes: ['user', 'group'],
        protocols: { webdav: '/drive/public.php/webdav/' },
      })
    }
    const plain = ownDocumentFor('Nextcloud Server Crawler', config(url))
    expect(plain.resourceTypes).toMatchObject([{ protocols: { webdav: '/drive/dav/ocm/' } }, {}])
    for (const other of ['Go-http-client/1.1', 'Mozilla/5.0 Nextcloud Server Crawler', ''])
      expect(ownDocumentFor(other, config(url), all)).toEqual(ownDocument(config(url), all))
  })

  it('names as criteria what the configuration demands', () => {
    expect(ownDocument(config('https://a.test')).criteria).toEqual(['must-use-http-sig'])
    const strict = { trust: 'allowlist', mustInvite: true, requireSignatures: false }
    expect(ownDocument(config('https://a.test', strict)).criteria).toEqual(['must-invite', 'allowlist'])
  })
})

describe('a foreign discovery document', () => {
  const read = (json: unknown) => readPeerDocument('peer.test', 'https://peer.test/.well-known/ocm', json)

  it('of ownCloud 10 is read with its resource types in shareTypes', () => {
    const document = {
      enabled: true,
      apiVersion: '1.0-proposal1',
      endPoint: 'https://peer.test/index.php/apps/federatedfilesharing',
      shareTypes: [{ name: 'file', protocols: { webdav: '/public.php/webdav/' } }],
    }
    expect(read(document)?.info.hasShareTypes).toBe(true)
    expect(read(document)?.info.resourceTypes).toEqual([
      { name: 'file', shareTypes: ['user'], webdavPath: '/public.php/webdav/' },
    ])
  })

  it('of oCIS and Nextcloud has its words put into those of the specification', () => {
    const document = {
      apiVersion: 1.1,
      endPoint: '/ocm/',
      capabilities: ['/invite-accepted', 'notifications', 7],
      criteria: ['http-request-signatures', 'invite'],
      resourceTypes: [null, { name: 'file', protocols: { webdav: '/dav/ocm', datatx: {} } }],
    }
    expect(read(document)).toMatchObject({
      enabled: true,
      info: {
        apiVersion: '1.1',
        endPoint: 'https://peer.test/ocm',
        capabilities: ['invites', 'notifications'],
        criteria: ['must-use-http-sig', 'must-invite'],
        resourceTypes: [{ name: 'file', webdavPath: '/dav/ocm' }],
      },
    })
  })

  it('never hands on a dialog that is not a web address', () => {
    const document = { endPoint: 'https://peer.test/ocm', inviteAcceptDialog: 'javascript:alert(1)' }
    expect(read(document)?.info).not.toHaveProperty('inviteAcceptDialog')
    expect(read({ ...document, inviteAcceptDialog: '/accept' })?.info.inviteAcceptDialog).toBe(
      'https://peer.test/accept',
    )
  })

  it.each([
    null,
    [],
    'text',
    {},
    { endPoint: '' },
    { endPoint: 'mailto:a@b' },
  ])('is none when it is %j', (json) => {
    expect(read(json)).toBeUndefined()
  })
})
