import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import type { Principal } from '../../platform/principal.ts'
import { type MailFrequency, NOTICE_KINDS, type NoticeKind } from '../notifications/types.ts'
import { defaultFrequency, type NotificationSettings } from './settings.ts'

const frequency = z.enum(['off', 'instant', 'daily', 'weekly'])

const settingsSchema = z
  .object({
    mail: z.object({
      isOn: z.boolean().describe('Whether this node sends mails at all.'),
      address: z.string().optional().describe('Where mine go; none without an address.'),
    }),
    kinds: z.array(z.object({ kind: z.enum(NOTICE_KINDS), mail: frequency, default: frequency })),
  })
  .meta({ id: 'NotificationSettings' })

const changeSchema = z
  .strictObject({ kinds: z.partialRecord(z.enum(NOTICE_KINDS), frequency) })
  .meta({ id: 'NotificationSettingsChange' })

export interface SettingsApiDeps {
  settings: NotificationSettings
  sendsMail: boolean
  /** Where mails to a user go. */
  addressOf(userId: string): Promise<string | undefined>
}

/** `/api/v1/me/notification-settings`. */
export function settingsRoutes(deps: SettingsApiDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/me/notification-settings',
      operationId: 'getNotificationSettings',
      summary: 'What I get mails about, and how often',
      auth: 'user',
      response: settingsSchema,
      handle: ({ principal }) => view(deps, principal),
    }),
    apiRoute({
      method: 'put',
      path: '/me/notification-settings',
      operationId: 'changeNotificationSettings',
      summary: 'Choose what I get mails about; kinds that are not named stay as they are',
      auth: 'user',
      body: changeSchema,
      response: settingsSchema,
      async handle({ principal, body }) {
        const chosen = Object.entries(body.kinds) as [NoticeKind, MailFrequency][]
        await deps.settings.choose(principal.userId, chosen)
        return await view(deps, principal)
      },
    }),
  ]
}

async function view(
  { settings, sendsMail, addressOf }: SettingsApiDeps,
  { userId, isAdmin }: Principal,
): Promise<z.input<typeof settingsSchema>> {
  const chosen = await settings.chosen(userId)
  const address = await addressOf(userId)
  const kinds = NOTICE_KINDS.filter((kind) => isAdmin || !kind.startsWith('admin.'))
  return {
    mail: { isOn: sendsMail, ...(address === undefined ? {} : { address }) },
    kinds: kinds.map((kind) => {
      const usual = defaultFrequency(kind)
      return { kind, mail: chosen.get(kind) ?? usual, default: usual }
    }),
  }
}
