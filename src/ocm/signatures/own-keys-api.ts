import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import type { OwnKey } from './own-key-rows.ts'
import type { OwnKeys } from './own-keys.ts'

const keySchema = z
  .object({
    kid: z.string(),
    kind: z.enum(['ed25519', 'rsa']),
    state: z
      .enum(['staged', 'active', 'retiring', 'retired'])
      .describe('`active` signs; `staged` and `retiring` are published and do not sign.'),
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime().describe('When it got its state.'),
  })
  .meta({ id: 'SigningKey' })

const kidParams = z.object({ kid: z.string().min(1).max(1_000) })

/** `/admin/keys`: what this node signs with, and how another key takes its place. */
export function ownKeyRoutes(keys: Pick<OwnKeys, 'list' | 'stage' | 'activate' | 'retire'>): ApiRoute[] {
  return [
    apiRoute({
      ...{ method: 'get', path: '/admin/keys', operationId: 'listKeys', auth: 'admin' },
      summary: 'The keys of this node, newest first',
      response: z.object({ items: z.array(keySchema) }),
      handle: async () => ({ items: (await keys.list()).map(toView) }),
    }),
    apiRoute({
      ...{ method: 'post', path: '/admin/keys', operationId: 'stageKey', auth: 'admin' },
      summary: 'Make a key that is published and does not sign yet: peers shall know it before it does',
      body: z.strictObject({ kind: z.enum(['ed25519', 'rsa']).default('ed25519') }),
      response: keySchema,
      status: 201,
      handle: async ({ body }) => toView(await keys.stage(body.kind)),
    }),
    apiRoute({
      ...{ method: 'post', path: '/admin/keys/{kid}/activate', operationId: 'activateKey', auth: 'admin' },
      summary: 'Let a staged key sign; the one before stays published',
      params: kidParams,
      response: keySchema,
      handle: async ({ params }) => toView(await keys.activate(params.kid)),
    }),
    apiRoute({
      ...{ method: 'post', path: '/admin/keys/{kid}/retire', operationId: 'retireKey', auth: 'admin' },
      summary: 'End a key that does not sign',
      params: kidParams,
      response: keySchema,
      handle: async ({ params }) => toView(await keys.retire(params.kid)),
    }),
  ]
}

function toView({ createdAtMs, changedAtMs, ...key }: OwnKey): z.input<typeof keySchema> {
  return { ...key, createdAt: isoTime(createdAtMs), changedAt: isoTime(changedAtMs) }
}
