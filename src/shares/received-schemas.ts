import { z } from 'zod'
import { pageFields } from '../platform/paging.ts'
import { kind, linkPassword, person, shareState, time } from './api-schemas.ts'

const role = z.enum(['viewer', 'editor'])

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
