import { z } from 'zod'
import { findPublicKey } from '../platform/public-key.ts'
import { httpUrl } from './values.ts'

/** What discovery would say of a host that says it wrongly, or not at all. */
const peer = z.strictObject({
  dialect: z.enum(['standard', 'older', 'nextcloud', 'owncloud10', 'ocis', 'reva']).optional(),
  endPoint: httpUrl.optional(),
})

const directoryKey = z
  .union([z.string().min(1), z.record(z.string(), z.unknown())])
  .refine(
    (key) => findPublicKey(key) !== undefined,
    'must be a public key: a JWK, or PEM (also a certificate)',
  )

const directory = z
  .strictObject({
    url: httpUrl,
    key: directoryKey.or(z.array(directoryKey).min(1)).optional(),
    allowUnsigned: z.boolean().default(false),
  })
  .refine(({ key, allowUnsigned }) => key !== undefined || allowUnsigned, 'needs a key, or allowUnsigned')

const trustRule = z.enum(['open', 'allowlist', 'denylist', 'directory'])

/** Open Cloud Mesh: whom to talk to, what is demanded of them, and for how long things hold. */
export const ocm = z.strictObject({
  enabled: z.boolean().default(true),
  trust: z
    .union([trustRule, z.array(trustRule).min(1)])
    .default('open')
    .describe(
      'Whom to talk to: anyone, hosts of `trust add`, or of the directories; of a list, one suffices.',
    ),
  requireSignatures: z
    .union([z.boolean(), z.enum(['always', 'known', 'never'])])
    .default('known')
    .describe('Refuse messages that are not signed: all, only of peers that can sign (false), or none.'),
  keyChange: z
    .enum(['hold', 'accept'])
    .default('hold')
    .describe('A peer with all keys changed waits for `peer accept-key`, or is taken as it is.'),
  messagesPerMinute: z
    .int()
    .min(0)
    .default(1_200)
    .describe('Messages taken of one peer, five times as many from one address; 0: no limit.'),
  exchangeTokens: z
    .enum(['never', 'offer', 'require'])
    .default('offer')
    .describe('Secrets of shares are exchanged for short-lived tokens: never, with peers that can, always.'),
  tokenSeconds: z
    .int()
    .min(30)
    .max(86_400)
    .default(300)
    .describe('How long a token that we gave in exchange opens its share.'),
  mustInvite: z.boolean().default(false).describe('Take shares only from people an invitation connected.'),
  reshareRequests: z
    .enum(['accept', 'refuse'])
    .default('accept')
    .describe('Whether recipients with the right to reshare may ask this node to share with others.'),
  invitationDays: z.number().positive().default(14).describe('How long an invitation can be accepted.'),
  directories: z
    .array(directory)
    .default([])
    .describe('Lists of servers that others publish: where, and the key (JWK or PEM) that signs each.'),
  publishDirectory: z
    .strictObject({ federation: z.string().min(1).max(200), unsigned: z.boolean().default(false) })
    .optional()
    .describe('Publish this node and its allow list as a signed directory of this name.'),
  peers: z
    .record(z.string(), peer)
    .default({})
    .describe('What to hold of single hosts whatever they say: the form of messages they take, where.'),
})
