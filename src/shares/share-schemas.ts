import { z } from 'zod'
import { pageFields } from '../platform/paging.ts'
import { address, kind, linkPassword, person, shareState, time } from './api-schemas.ts'

export const messageSchema = z
  .object({
    id: z.string(),
    type: z.string().describe('`SHARE`, or the type of the notification in Open Cloud Mesh.'),
    shareId: z.string().optional().describe('The share, or received share, it is about.'),
    host: z.string().describe('The server it is for.'),
    state: z.enum(['waiting', 'sending', 'failed']).describe('What has arrived is not listed any more.'),
    tries: z.int(),
    lastError: z.string().optional().describe('Why the last attempt did not succeed, and what to do.'),
    nextTryAt: time.optional(),
    createdAt: time,
    givenUpAt: time.describe('When it is, or was, tried no more.'),
  })
  .meta({ id: 'Message' })

const anyRole = z.enum(['viewer', 'editor', 'uploader'])
const linkLabel = z.string().trim().max(255)

const linkSchema = z
  .object({ url: z.string(), hasPassword: z.boolean(), downloads: z.int() })
  .meta({ id: 'PublicLink' })

export const shareSchema = z
  .object({
    id: z.string(),
    path: z.string().describe('Where the entry is now; its last known name when it is gone.'),
    name: z.string(),
    kind,
    role: anyRole,
    recipient: person.extend({
      type: z.enum(['remote', 'local', 'link']),
      isGroup: z.boolean().optional().describe('All members of a group.'),
    }),
    link: linkSchema.optional().describe('Of a public link: where it leads.'),
    mayReshare: z.boolean().describe('The recipient may pass it on.'),
    state: shareState,
    messages: z.array(messageSchema).optional().describe('What the other server has not been told yet.'),
    note: z.string().optional(),
    createdAt: time,
    expiresAt: time.optional(),
  })
  .meta({ id: 'Share' })

export const changedShareSchema = z
  .strictObject({
    role: anyRole.optional(),
    label: linkLabel.optional().describe('Of a public link.'),
    password: linkPassword.nullable().optional().describe('Of a public link; `null`: none any more.'),
    mayReshare: z.boolean().optional(),
    note: z.string().max(2_000).optional(),
    expiresAt: z.iso.datetime({ offset: true }).nullable().optional().describe('`null`: no end.'),
  })
  .meta({ id: 'ShareChange' })

export const newShareSchema = z
  .strictObject({
    path: z.string().min(1).max(10_000),
    shareWith: address.optional().describe('A person: user@host, or the name of a user of this node.'),
    recipient: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('user'), address }),
        z.strictObject({ type: z.literal('group'), address }),
        z.strictObject({
          type: z.literal('link'),
          label: linkLabel.optional(),
          password: linkPassword.optional(),
        }),
      ])
      .optional()
      .describe(
        'In the place of shareWith: a person, a group here or (name@host) elsewhere, or a public link.',
      ),
    role: anyRole.describe('`uploader`, of public links of folders only: may bring files, and sees none.'),
    mayReshare: z
      .boolean()
      .optional()
      .describe('The recipient may pass it on, to people of other servers, too.'),
    note: z.string().max(2_000).optional(),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: 'NewShare' })

export const sharesQuery = z.object({ path: z.string().max(10_000).optional(), ...pageFields })
