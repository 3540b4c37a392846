import { z } from 'zod'

/** What belongs to one connection or one message, and is never another's to say (RFC 9110 7.6.1). */
const OWN_HEADERS = new Set([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade'],
  ...['proxy-authorization', 'proxy-authenticate', 'proxy-connection', 'expect', 'range', 'if-range'],
  ...['content-range', 'accept-encoding', 'content-encoding'],
])

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header')
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), 'is a header that cannot be handed on')

/** `transfers.tpc`: copies between servers that a client orders by COPY, and tokens for them. */
export const tpc = z.strictObject({
  enabled: z.boolean().default(true).describe('Take COPY from and to other servers (WLCG HTTP-TPC).'),
  maxActive: z.int().min(1).default(64).describe('Such copies at the same time, in each process.'),
  maxActivePerUser: z.int().min(1).default(32).describe('The same of one user.'),
  headers: z
    .array(headerName)
    .default([])
    .describe('Headers, besides Authorization, that TransferHeader… may hand on.'),
  ownHosts: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Further names of this node, as `host` or `host:port`: a Destination there is no other server.',
    ),
  maxTokenSeconds: z
    .int()
    .min(60)
    .max(604_800)
    .default(43_200)
    .describe('Longest life of a token for such copies, whatever is asked.'),
})
