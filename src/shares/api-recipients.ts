import { z } from 'zod'
import type { Group, User } from '../accounts/types.ts'
import { findAddress, formatAddress } from '../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import { TooManyRequestsError } from '../platform/errors.ts'
import { createSearchLimit } from './search-limit.ts'
import type { Contact } from './types.ts'

/** Fewer letters would list the people of the node. */
const MIN_LETTERS = 2
/** With fewer letters than these, so many people and groups of this node at most: there are few such beginnings. */
const LONG_LETTERS = 4
const SHORT_ANSWERS = 10

const recipientSchema = z
  .object({
    type: z
      .enum(['user', 'group', 'contact', 'address'])
      .describe('Of this node `user` and `group`; `address`: somebody elsewhere, as it was typed.'),
    displayName: z.string(),
    address: z.string().describe('name@host'),
    host: z.string(),
    recipient: z
      .object({ type: z.enum(['user', 'group']), address: z.string() })
      .describe('For `recipient` of a new share.'),
  })
  .meta({ id: 'Recipient' })

export interface RecipientsDeps {
  people: {
    /** Whose name, or a word of it, begins so. */
    searchUsers(prefix: string, limit: number): Promise<User[]>
    searchGroups(prefix: string, limit: number): Promise<Group[]>
  }
  listContacts(userId: string): Promise<Contact[]>
  ownHost: string
  clock: Clock
}

type Recipient = z.input<typeof recipientSchema>

/** `GET /recipients`: with whom something can be shared, for whoever types a name. */
export function recipientRoutes(deps: RecipientsDeps): ApiRoute[] {
  const limit = createSearchLimit(deps.clock)
  return [
    apiRoute({
      method: 'get',
      path: '/recipients',
      operationId: 'findRecipients',
      summary: 'People and groups here whose names begin so, contacts, and the address that was typed',
      auth: 'user',
      query: z.object({
        query: z.string().trim().min(1).max(500),
        limit: z.coerce.number().int().min(1).max(50).default(10),
      }),
      response: z.object({ items: z.array(recipientSchema) }),
      async handle({ principal, query: { query, limit: most } }) {
        const retryAfterSeconds = limit.take(principal.userId)
        if (retryAfterSeconds > 0) {
          const message = `Too many names were searched for; try again in ${retryAfterSeconds} s.`
          throw new TooManyRequestsError(message, { retryAfterSeconds })
        }
        const found = await findRecipients(deps, principal.userId, query, most)
        return { items: found.slice(0, most) }
      },
    }),
  ]
}

/** Contacts first, then this node, then what was typed; nobody twice. */
async function findRecipients(
  { people, listContacts, ownHost }: RecipientsDeps,
  userId: string,
  text: string,
  limit: number,
) {
  const address = findAddress(text)
  // `ann@leiden.example` on leiden.example is ann.
  const prefix = address?.host === ownHost ? address.id : text
  const isLong = prefix.length >= MIN_LETTERS
  const most = prefix.length < LONG_LETTERS ? Math.min(limit, SHORT_ANSWERS) : limit
  const [contacts, users, groups] = await Promise.all([
    listContacts(userId),
    isLong ? people.searchUsers(prefix, most + 1) : [],
    isLong ? people.searchGroups(prefix, most) : [],
  ])
  const here = [
    ...users.filter(({ id }) => id !== userId).map((user) => toLocal('user', user, ownHost)),
    ...groups.map((group) => toLocal('group', group, ownHost)),
  ]
  const found = [
    ...contacts.filter((contact) => isLike(contact, text)).map(toContact),
    ...here.slice(0, most),
    ...(address === undefined || address.host === ownHost ? [] : [toTyped(address)]),
  ]
  return found.filter(
    (one, index) =>
      found.findIndex(
        (other) => other.address === one.address && other.recipient.type === one.recipient.type,
      ) === index,
  )
}

function isLike({ remoteUserId, host, displayName, email }: Contact, text: string): boolean {
  const wanted = text.toLowerCase()
  return [`${remoteUserId}@${host}`, displayName, email].some((one) => one.toLowerCase().includes(wanted))
}

function toContact({ remoteUserId, host, displayName }: Contact): Recipient {
  const address = formatAddress({ id: remoteUserId, host })
  return { type: 'contact', displayName, address, host, recipient: { type: 'user', address } }
}

function toLocal(type: 'user' | 'group', { name, displayName }: User | Group, host: string): Recipient {
  const address = formatAddress({ id: name, host })
  return { type, displayName, address, host, recipient: { type, address } }
}

function toTyped({ id, host }: { id: string; host: string }): Recipient {
  const address = formatAddress({ id, host })
  return { type: 'address', displayName: id, address, host, recipient: { type: 'user', address } }
}
