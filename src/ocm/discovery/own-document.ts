import type { Config } from '../../config/schema.ts'
import { criteriaOf } from '../policy.ts'

export const API_VERSION = '1.4.0'

/** The part of the configuration that this room reads. */
export interface OcmConfig extends Pick<Config, 'publicUrl' | 'name' | 'ocm'> {
  network: Pick<Config['network'], 'insecureHttp'>
}

/** Where our own endpoints are; absolute, from `publicUrl` alone. */
export function ownEndPoint(publicUrl: string): string {
  return `${publicUrl}/ocm`
}

/** What this node can do beyond the basics; each is announced as soon as it works. */
export interface OcmFeatures {
  /** Tokens are exchanged, given and asked for (`POST /ocm/token`). */
  exchangeToken?: boolean
  /** Shares for groups are taken. */
  groups?: boolean
  /** There is a page on which a guest picks the server to accept an invitation at. */
  inviteWayf?: boolean
  /** Shares are opened in applications of their senders (`webapp-receive`). */
  webapps?: boolean
  /** Copies are made of data that others offer, and their end is told (`datatx-receive`). */
  dataOffers?: boolean
  /** Secrets are taken as the user name of Basic at `/public.php/webdav/` (OCM 1.0). */
  basicAccess?: boolean
  /** The key of draft-cavage signatures, for Nextcloud 31 to 33. */
  publicKey?: { keyId: string; publicKeyPem: string } | undefined
}

/** Our discovery document (OCM 1.4 "API Discovery"). It promises only what works. */
export function ownDocument(config: OcmConfig, features: OcmFeatures = {}): Record<string, unknown> {
  const { publicUrl, name, ocm } = config
  const { exchangeToken = false, publicKey } = features
  return {
    enabled: ocm.enabled,
    apiVersion: API_VERSION,
    endPoint: ownEndPoint(publicUrl),
    provider: name,
    resourceTypes: resourceTypes(features, {
      webdav: `${basePathOf(publicUrl)}/dav/ocm/`,
      'webdav-receive': { uri: 'absolute' },
      // The name follows those of OCM 1.4; the text has none for `datatx`, and what is not known is passed over.
      ...(features.dataOffers ? { 'datatx-receive': {} } : {}),
      ...(features.webapps ? { 'webapp-receive': { targets: ['blank'] } } : {}),
    }),
    capabilities: capabilities(features),
    criteria: criteriaOf(ocm),
    inviteAcceptDialog: `${publicUrl}/accept-invite`,
    jwksUri: `${publicUrl}/.well-known/jwks.json`,
    ...(exchangeToken ? { tokenEndPoint: `${publicUrl}/ocm/token` } : {}),
    ...(publicKey === undefined ? {} : { publicKey }),
  }
}

/** Both take shares of OCM 1.0 from us, and of us; what they call themselves when they ask. */
const CRAWLER = /^(?:Nextcloud|ownCloud) Server Crawler/i

/**
 * The same as the crawlers of Nextcloud and ownCloud 10 read it: Nextcloud before 31 passes over other
 * versions than 1.0 and 1.1, and both go to the address of `webdav` with the secret as a user name.
 */
export function ownDocumentFor(
  userAgent: string,
  config: OcmConfig,
  features: OcmFeatures = {},
): Record<string, unknown> {
  const document = ownDocument(config, features)
  if (!CRAWLER.test(userAgent)) return document
  const webdav = `${basePathOf(config.publicUrl)}/${features.basicAccess ? 'public.php/webdav' : 'dav/ocm'}/`
  return { ...document, apiVersion: '1.1', resourceTypes: resourceTypes(features, { webdav }) }
}

function resourceTypes({ groups = false }: OcmFeatures, protocols: object): object[] {
  const shareTypes = groups ? ['user', 'group'] : ['user']
  return ['file', 'folder'].map((name) => ({ name, shareTypes, protocols }))
}

function capabilities({ exchangeToken = false, inviteWayf = false }: OcmFeatures): string[] {
  return [
    ...(exchangeToken ? ['exchange-token'] : []),
    ...['http-sig', 'invites'],
    ...(inviteWayf ? ['invite-wayf'] : []),
    ...['notifications', 'protocol-object'],
  ]
}

function basePathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/$/, '')
}
