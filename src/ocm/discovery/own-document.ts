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

/**
 * Our discovery document (OCM 1.4 "API Discovery"). It promises only what works. `publicKey` is for peers
 * that verify draft-cavage only (Nextcloud 31 to 33).
 */
export function ownDocument(
  config: OcmConfig,
  publicKey?: { keyId: string; publicKeyPem: string },
): Record<string, unknown> {
  const { publicUrl, name, ocm } = config
  const basePath = new URL(publicUrl).pathname.replace(/\/$/, '')
  const protocols = { webdav: `${basePath}/dav/ocm/`, 'webdav-receive': { uri: 'absolute' } }
  return {
    enabled: ocm.enabled,
    apiVersion: API_VERSION,
    endPoint: ownEndPoint(publicUrl),
    provider: name,
    resourceTypes: ['file', 'folder'].map((type) => ({ name: type, shareTypes: ['user'], protocols })),
    capabilities: ['http-sig', 'invites', 'notifications', 'protocol-object'],
    criteria: criteriaOf(ocm),
    inviteAcceptDialog: `${publicUrl}/accept-invite`,
    jwksUri: `${publicUrl}/.well-known/jwks.json`,
    ...(publicKey === undefined ? {} : { publicKey }),
  }
}
