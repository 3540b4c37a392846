import { z } from 'zod'
import { time } from './api-schemas.ts'

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
