import { z } from 'zod'
import type { Outbound } from '../../platform/outbound.ts'
import { fetchJson } from '../discovery/fetch-json.ts'
import type { PeerInfo } from '../types.ts'

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

/**
 * A server without OCM that shares in the way from before it, by its `/ocs-provider/`; undefined for all
 * others. Throws what `Outbound` throws.
 */
export async function findLegacyPeer(
  outbound: Outbound,
  { origin, host }: { origin: string; host: string },
  signal: AbortSignal,
): Promise<PeerInfo | undefined> {
  const answer = await fetchJson(outbound, host, `${origin}/ocs-provider/`, signal)
  const read = answer.status === 200 ? document.safeParse(answer.json).data : undefined
  if (read === undefined) return undefined
  const { share, webdav } = read.services.FEDERATED_SHARING.endpoints
  return {
    host,
    foundAt: answer.url,
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
