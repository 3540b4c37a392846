import { z } from 'zod'
import { isoTime } from '../platform/clock.ts'
import { BadRequestError } from '../platform/errors.ts'
import { pageFields } from '../platform/paging.ts'

export const idParams = z.object({ id: z.string().min(1).max(100) })

/** `sending` and `failed` only of what I gave: it has not, or could not, be handed to the other server. */
const shareState = z.enum(['sending', 'failed', 'pending', 'accepted', 'declined', 'revoked'])
const role = z.enum(['viewer', 'editor'])
const kind = z.enum(['file', 'folder'])
const time = z.iso.datetime()
const person = z.object({ address: z.string(), displayName: z.string() })

export const invitationSchema = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'accepted', 'revoked', 'expired']),
    token: z.string(),
    inviteString: z.string().describe('The code people paste at their own server.'),
    link: z.string().describe('The page on which the invited person picks a server.'),
    mail: z.object({ subject: z.string(), text: z.string() }).describe('All of it in words, to be sent.'),
    description: z.string(),
    email: z.string(),
    isMailed: z.boolean().optional().describe('Whether this node has just sent it to `email`.'),
    createdAt: time,
    expiresAt: time,
  })
  .meta({ id: 'Invitation' })

export const newInvitationSchema = z
  .strictObject({
    description: z.string().max(1_000).optional(),
    email: z.email().max(254).or(z.literal('')).optional(),
  })
  .meta({ id: 'NewInvitation' })

export const acceptInvitationSchema = z.union([
  z.strictObject({ invite: z.string().min(1).max(4_000).describe('The code or link of the invitation.') }),
  z.strictObject({ token: z.string().min(1).max(1_000), provider: z.string().min(1).max(300) }),
])

export const contactSchema = z
  .object({
    id: z.string(),
    address: z.string(),
    host: z.string(),
    userId: z.string(),
    displayName: z.string(),
    email: z.string(),
    createdAt: time,
    autoCopyTo: z
      .string()
      .optional()
      .describe('The folder into which the data that this contact offers is copied without asking.'),
  })
  .meta({ id: 'Contact' })

export const changedContactSchema = z.strictObject({
  autoCopyTo: z
    .string()
    .min(1)
    .max(10_000)
    .nullable()
    .describe(
      'A folder in my drive: what this contact offers from now on is copied into it; `null`: I am asked.',
    ),
})

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
const linkPassword = z.string().max(1_000)
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

const address = z.string().min(1).max(500)

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

export const receivedShareSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    kind,
    role,
    owner: person,
    sender: person,
    state: shareState,
    mayReshare: z.boolean().describe('I may pass it on.'),
    webapp: z
      .object({ name: z.string().optional(), permissions: z.array(z.string()) })
      .optional()
      .describe('An application of its server opens it, too: openReceivedShare.'),
    mountPath: z.string().optional().describe('Where it is in the drive, once accepted.'),
    transferOffered: z.boolean().describe('The sender asks me to take a copy: accept with copyTo.'),
    copyOnly: z.boolean().optional().describe('It is for that and for nothing else.'),
    sizeBytes: z.int().optional().describe('As the sender announced it.'),
    copy: z
      .object({
        state: z
          .enum(['ordered', 'copying', 'copied', 'failed', 'refused'])
          .describe('`refused`: it was to be taken unasked, and could not; I decide.'),
        path: z.string(),
        transferId: z.string().optional(),
        files: z.int().optional(),
        sizeBytes: z.int().optional(),
        verified: z.boolean().optional(),
        error: z.object({ code: z.string(), message: z.string() }).optional(),
        createdAt: time,
        updatedAt: time,
      })
      .optional()
      .describe('The newest copy that was made of it by accepting it with copyTo.'),
    goneSince: time.optional().describe('Since when its server does not let us in: withdrawn, perhaps.'),
    note: z.string().optional(),
    createdAt: time,
    expiresAt: time.optional(),
  })
  .meta({ id: 'ReceivedShare' })

export const receivedSharesQuery = z.object({ state: shareState.optional(), ...pageFields })
export const addLinkSchema = z.strictObject({
  link: z.string().min(1).max(4_000).describe('Address of a public link of another server.'),
  password: linkPassword.optional().describe('Of the link.'),
})
export const addedLinkSchema = z.object({
  share: receivedShareSchema.optional().describe('What came of it; left out while it is on its way.'),
})

export const acceptShareSchema = z.strictObject({
  name: z.string().max(1_000).optional().describe('Under this name in my drive.'),
  copyTo: z
    .string()
    .min(1)
    .max(10_000)
    .optional()
    .describe('In the place of a mount: a copy at this path, or with / at its end in this folder.'),
  overwrite: z.boolean().optional().describe('With copyTo: what is there already may be replaced.'),
})

const pushStates = ['sending', 'undelivered', 'offered', 'accepted', 'copying', 'copied', 'failed'] as const

export const pushSchema = z
  .object({
    id: z.string().describe('Of the share.'),
    path: z.string(),
    name: z.string(),
    kind,
    recipient: person,
    state: z
      .enum([...pushStates, 'declined', 'revoked'])
      .describe('From `accepted` on only where the other node tells how it goes on.'),
    asksForCopy: z
      .boolean()
      .optional()
      .describe('False: the other server knows no offers and was sent an ordinary share.'),
    once: z.boolean().describe('The share ends with the verified copy.'),
    label: z.string().optional(),
    note: z.string().optional(),
    files: z.int().optional(),
    sizeBytes: z.int().optional(),
    verified: z.boolean().optional(),
    reason: z.string().optional().describe('A word for why it failed there.'),
    createdAt: time,
    updatedAt: time,
    expiresAt: time.optional(),
  })
  .meta({ id: 'Push' })

export const newPushSchema = z.strictObject({
  path: z.string().min(1).max(10_000),
  shareWith: address.optional().describe('A person: user@host, or the name of a user of this node.'),
  contact: z.string().min(1).max(100).optional().describe('In the place of shareWith: the id of a contact.'),
  note: z.string().max(2_000).optional().describe('To the recipient.'),
  label: z.string().trim().min(1).max(200).optional().describe('A name of my own, not told to them.'),
  once: z.boolean().optional().describe('The share ends when the copy is there and verified.'),
  expiresAt: z.iso.datetime({ offset: true }).optional().describe('By then it must be fetched.'),
})

/** `{ items: […] }`, the form of every list. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() })
}

/** Milliseconds of an ISO time that the schema let pass; `BadRequestError` for one that is no time. */
export function toMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new BadRequestError(`${text} is not a time.`)
  return ms
}

/** The optional members of a view: left out where there is nothing to say. */
export function optionalFacts(facts: { note: string; expiresAtMs: number | undefined }) {
  return {
    ...(facts.note === '' ? {} : { note: facts.note }),
    ...(facts.expiresAtMs === undefined ? {} : { expiresAt: isoTime(facts.expiresAtMs) }),
  }
}
