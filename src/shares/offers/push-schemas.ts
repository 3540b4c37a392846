import { z } from 'zod'
import { address, kind, person, time } from '../api-schemas.ts'

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
