import { z } from 'zod'
import { httpUrl } from './values.ts'

/** How long people stay signed in in a browser. */
export const sessions = z.strictObject({
  idleDays: z
    .number()
    .positive()
    .max(400)
    .default(14)
    .describe('A session that nobody uses ends after this.'),
  maxDays: z
    .number()
    .positive()
    .max(400)
    .default(90)
    .describe('… and every session after this, used or not: then one signs in again.'),
})

const claim = z.string().min(1)

/** An identity provider (OpenID Connect) that people may sign in with, beside their password here. */
export const oidc = z.strictObject({
  issuer: httpUrl.describe('Address of the provider, exactly as it names itself as `issuer`.'),
  clientId: z.string().min(1).describe('What the provider calls this node.'),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe('Its secret there (CAUSEWAY_OIDC__CLIENT_SECRET_FILE); a public client has none.'),
  label: z.string().min(1).max(100).default('single sign-on').describe('What people know the provider as.'),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email']).describe('What to ask for.'),
  claims: z
    .strictObject({
      name: claim.default('preferred_username').describe('Claim that becomes the user name, up to an @.'),
      displayName: claim.default('name').describe('Claim with the name that others see.'),
      email: claim.default('email').describe('Claim with the address for mail.'),
      groups: claim.default('groups').describe('Claim with the list of groups.'),
    })
    .prefault({}),
  createUsers: z.boolean().default(true).describe('Make an account for whoever signs in the first time.'),
  adminGroup: z.string().min(1).optional().describe('Members of this group are administrators here.'),
  allowedGroups: z
    .array(z.string().min(1))
    .default([])
    .describe('Only members of one of these groups may sign in this way; empty: all.'),
})

export type SessionsConfig = z.infer<typeof sessions>
export type OidcConfig = z.infer<typeof oidc>
