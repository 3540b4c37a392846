import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { type PageOrder, pageFields, pageOf, toSlice } from '../platform/paging.ts'
import { trustRules } from './policy.ts'
import type { PeerKeyAdmin, PinnedKey } from './signatures/peer-key-admin.ts'
import type { Trust } from './trust.ts'
import type { TrustList } from './trusted-hosts-repo.ts'

export interface TrustApiDeps {
  trust: Trust
  peerKeys: PeerKeyAdmin
}

const hostParams = z.object({ host: z.string().min(1).max(300) })
const listParams = hostParams.extend({ list: z.enum(['allowed', 'denied']) })

const trustSchema = z
  .object({
    policy: z.array(z.string()).describe('The rules of `ocm.trust`; one that takes a host suffices.'),
    allowed: z.array(z.string()),
    denied: z.array(z.string()).describe('Refused under every rule.'),
  })
  .meta({ id: 'Trust' })

const peerKeySchema = z
  .object({
    host: z.string(),
    keyId: z.string(),
    fingerprint: z.string().describe('SHA-256 of the public key.'),
    form: z.string().describe('The form of signature it was seen with; empty of one that has not signed.'),
    state: z
      .enum(['known', 'held', 'announced'])
      .describe('`held`: refused until accepted. `announced`: published while a known key signed.'),
    firstSeenAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
  })
  .meta({ id: 'PeerKey' })

const KEYS_ORDER: PageOrder = [{ kind: 'string' }, { kind: 'number' }, { kind: 'string' }]

/** Whom this node talks to, and the keys that peers sign with; for administrators. */
export function trustRoutes({ trust, peerKeys }: TrustApiDeps): ApiRoute[] {
  return [
    getTrust(trust),
    addTrustedHost(trust),
    removeTrustedHost(trust),
    listPeerKeys(peerKeys),
    acceptPeerKey(peerKeys),
    forgetPeerKeys(peerKeys),
  ]
}

function getTrust(trust: Trust): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/trust', operationId: 'getTrust', auth: 'admin' },
    summary: 'Whom this node talks to',
    response: trustSchema,
    async handle() {
      const [allowed, denied] = await Promise.all([trust.list('allowed'), trust.list('denied')])
      return { policy: [...trustRules(trust.policy)], allowed, denied }
    },
  })
}

function addTrustedHost(trust: Trust): ApiRoute {
  return apiRoute({
    ...{ method: 'put', path: '/admin/trust/{list}/{host}', operationId: 'addTrustedHost', auth: 'admin' },
    summary: 'Allow or deny a host; it leaves the other list',
    params: listParams,
    response: z.object({ host: z.string() }),
    handle: async ({ params }) => ({ host: await trust.add(params.host, params.list as TrustList) }),
  })
}

function removeTrustedHost(trust: Trust): ApiRoute {
  return apiRoute({
    ...{ method: 'delete', path: '/admin/trust/{list}/{host}', operationId: 'removeTrustedHost' },
    auth: 'admin',
    summary: 'Take a host off a list; nothing happens when it is not there',
    params: listParams,
    status: 204,
    async handle({ params }) {
      await trust.remove(params.host, params.list as TrustList)
    },
  })
}

function listPeerKeys(peerKeys: PeerKeyAdmin): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/peer-keys', operationId: 'listPeerKeys', auth: 'admin' },
    summary: 'The keys that peers signed with, and those that wait for a decision',
    query: z.object({
      host: z.string().max(300).optional(),
      state: peerKeySchema.shape.state.optional(),
      ...pageFields,
    }),
    response: pageOf(peerKeySchema),
    async handle({ query }) {
      const keys = await peerKeys.list(query.host)
      const wanted = keys.filter((key) => query.state === undefined || key.state === query.state)
      const page = toSlice(wanted, query, KEYS_ORDER, (key) => [key.host, key.firstSeenAtMs, key.fingerprint])
      return { ...page, items: page.items.map(toWire) }
    },
  })
}

function acceptPeerKey(peerKeys: PeerKeyAdmin): ApiRoute {
  return apiRoute({
    ...{ method: 'post', path: '/admin/peer-keys/{host}/accept', operationId: 'acceptPeerKey' },
    auth: 'admin',
    summary: 'Take the changed key of a peer',
    params: hostParams,
    body: z.object({
      fingerprint: z.string().max(200).optional().describe('409 when another key than this one is held.'),
    }),
    response: z.object({ items: z.array(peerKeySchema) }),
    async handle({ params, body }) {
      const host = await peerKeys.accept(params.host, body.fingerprint)
      return { items: (await peerKeys.list(host)).map(toWire) }
    },
  })
}

function forgetPeerKeys(peerKeys: PeerKeyAdmin): ApiRoute {
  return apiRoute({
    ...{ method: 'delete', path: '/admin/peer-keys/{host}', operationId: 'forgetPeerKeys', auth: 'admin' },
    summary: 'Forget the keys of a peer, and that it signs',
    params: hostParams,
    status: 204,
    async handle({ params }) {
      await peerKeys.forget(params.host)
    },
  })
}

function toWire({ firstSeenAtMs, lastSeenAtMs, ...key }: PinnedKey) {
  return { ...key, firstSeenAt: isoTime(firstSeenAtMs), lastSeenAt: isoTime(lastSeenAtMs) }
}
