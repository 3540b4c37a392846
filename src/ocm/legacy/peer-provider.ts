import { z } from 'zod'
import type { Outbound } from '../../platform/outbound.ts'
import { fetchJson } from '../discovery/fetch-json.ts'
import type { PeerInfo } from '../peer-info.ts'

const path = z
  .string()
  .max(500)
  .regex(/^\/[\x21-\x7e]*$/)

const document = z.looseObject({
  services: z.looseObject({
    FEDERATED_SHARING: z.looseObject({
      endpoints: z.looseObject({ share: path, webdav: path.catch('/public.php/webdav/') }),
    }),
  }),
})

const status = z.looseObject({
  installed: z.literal(true).or(z.literal('true')),
  version: z.string().regex(/^[7-9]\./),
})

/**
 * What is older than that document, too (ownCloud 7 to 9): only its status says what it is, and the addresses are
 * those that all of them have. Version 2 of the interface came with 8.1.
 * Later servers without OCM have it switched off.
 */
async function findBare(
  outbound: Outbound,
  { origin, host }: { origin: string; host: string },
  signal: AbortSignal,
): Promise<{ foundAt: string; share: string; webdav: string } | undefined> {
  const answer = await fetchJson(outbound, host, `${origin}/status.php`, signal)
  const read = answer.status === 200 ? status.safeParse(answer.json).data : undefined
  if (read === undefined) return undefined
  const version = /^(?:7|8\.0)\./.test(read.version) ? '1' : '2'
  const share = `/ocs/v${version}.php/cloud/shares`
  return { foundAt: answer.url, share, webdav: '/public.php/webdav/' }
}

/**
 * A server without OCM that shares in the way from before it, by its `/ocs-provider/` or `/status.php`; undefined
 * for all others. Throws what `Outbound` throws.
 */
export async function findLegacyPeer(
  outbound: Outbound,
  { origin, host }: { origin: string; host: string },
  signal: AbortSignal,
): Promise<PeerInfo | undefined> {
  const answer = await fetchJson(outbound, host, `${origin}/ocs-provider/`, signal)
  const read = answer.status === 200 ? document.safeParse(answer.json).data : undefined
  const known = read?.services.FEDERATED_SHARING.endpoints
  const found = known === undefined ? await findBare(outbound, { origin, host }, signal) : undefined
  const foundAt = known === undefined ? found?.foundAt : answer.url
  const endpoints = known ?? found
  if (endpoints === undefined || foundAt === undefined) return undefined
  const { share, webdav } = endpoints
  return {
    host,
    foundAt,
    apiVersion: '0',
    provider: '',
    // Of the server that was asked: a document must not send us elsewhere with the secrets of shares.
    endPoint: origin + share.replace(/\/$/, ''),
    isLegacy: true,
    capabilities: [],
    criteria: [],
    resourceTypes: [{ name: 'file', shareTypes: ['user'], webdavPath: webdav }],
  }
}
