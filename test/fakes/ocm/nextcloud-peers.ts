import type { FakeClient } from './http-client.ts'
import { isObject } from './http-server.ts'

export type NextcloudVersion = 25 | 30 | 31 | 32 | 33 | 34 | 35

/** What Nextcloud reads of another server's discovery document. */
export interface NextcloudPeer {
  host: string
  endPoint: string
  capabilities: string[]
  /** Path on the host of `endPoint`. */
  webdavPath: string
  publicKey: { keyId: string; publicKeyPem: string } | undefined
  jwksUri: string | undefined
  tokenEndPoint: string | undefined
}

const CRAWLER = { 'User-Agent': 'Nextcloud Server Crawler', 'Accept-Encoding': 'gzip' }

/** Nextcloud 32 asks `/ocm-provider/` and nothing else (recorded); newer ones try the new place first. */
export async function discoverAsNextcloud(
  client: FakeClient,
  host: string,
  version: NextcloudVersion,
): Promise<NextcloudPeer | undefined> {
  const paths = version >= 33 ? ['/.well-known/ocm', '/ocm-provider/'] : ['/ocm-provider/']
  for (const path of paths) {
    const answer = await getFollowing(client, `http://${host}${path}`)
    const peer = answer?.status === 200 ? toPeer(host, answer.json, version) : undefined
    if (peer !== undefined) return peer
  }
  return undefined
}

async function getFollowing(client: FakeClient, url: string) {
  const answer = await client.call({ method: 'GET', url, headers: CRAWLER }).catch(() => undefined)
  const to = answer?.status === 302 || answer?.status === 301 ? answer.headers.location : undefined
  return to === undefined
    ? answer
    : client.call({ method: 'GET', url: new URL(to, url).href, headers: CRAWLER })
}

/** Needed are an end point and a version; up to Nextcloud 30 only three versions were known. */
function toPeer(host: string, json: unknown, version: NextcloudVersion): NextcloudPeer | undefined {
  if (!isObject(json) || depthOf(json) > 8) return undefined
  const { endPoint, apiVersion } = json
  const said = String(json.version ?? apiVersion ?? '')
  if (typeof endPoint !== 'string' || endPoint === '' || said === '') return undefined
  if (version <= 30 && !['1.0-proposal1', '1.0', '1.1'].includes(String(apiVersion))) return undefined
  const types = Array.isArray(json.resourceTypes) ? json.resourceTypes.filter(isObject) : []
  const protocols = types.find((type) => type.name === 'file')?.protocols
  const path = isObject(protocols) ? protocols.webdav : undefined
  const key = isObject(json.publicKey) ? json.publicKey : {}
  return {
    ...{ host, endPoint, capabilities: words(json.capabilities) },
    webdavPath: typeof path === 'string' ? path : '/public.php/webdav',
    publicKey:
      typeof key.keyId === 'string' && typeof key.publicKeyPem === 'string'
        ? { keyId: key.keyId, publicKeyPem: key.publicKeyPem }
        : undefined,
    jwksUri: typeof json.jwksUri === 'string' ? json.jwksUri : undefined,
    tokenEndPoint: typeof json.tokenEndPoint === 'string' ? json.tokenEndPoint : undefined,
  }
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/**
 * The document by version: 32 as recorded, 33 as in its source; 30 is taken to be like 25, 31 like 32 without
 * capabilities, and the names of those of 34 and 35 are put together from change requests: nobody has recorded them.
 */
export function nextcloudDocument(
  version: NextcloudVersion,
  url: string,
  publicKey: { keyId: string; publicKeyPem: string },
): Record<string, unknown> {
  const resourceTypes = [
    { name: 'file', shareTypes: ['user', 'group'], protocols: { webdav: '/public.php/webdav/' } },
  ]
  const head = { enabled: true, apiVersion: version <= 32 ? '1.0-proposal1' : '1.1.0' }
  if (version <= 30) return { ...head, endPoint: `${url}/ocm`, resourceTypes }
  const signing = { ...head, version: '1.1.0', endPoint: `${url}/ocm`, publicKey, resourceTypes }
  if (version === 31) return signing
  if (version === 32) return { ...signing, capabilities: ['/invite-accepted', '/notifications', '/shares'] }
  return {
    ...{ ...head, endPoint: `${url}/ocm`, provider: `Nextcloud ${version}.0.1`, resourceTypes },
    capabilities: capabilitiesOf(version),
    publicKey,
    ...(version === 35
      ? {
          jwksUri: `${url}/ocm/jwks`,
          tokenEndPoint: `${url}/index.php/apps/cloud_federation_api/api/v1/access-token`,
          inviteAcceptDialog: `${url}/index.php/apps/contacts/ocm/invite-accept-dialog`,
        }
      : {}),
  }
}

function capabilitiesOf(version: NextcloudVersion): string[] {
  const base = ['invite-accepted', 'notifications', 'shares']
  if (version === 33) return base
  return version === 34 ? [...base, 'http-sig'] : [...base, 'http-sig', 'exchange-token']
}
