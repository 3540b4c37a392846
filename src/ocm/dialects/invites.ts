import { z } from 'zod'
import { findHost, withoutHost } from '../address.ts'
import { exactId, shownName } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { AcceptedInvite, OcmPerson } from '../types.ts'
import { readMessage } from './read-json.ts'

/** Older Nextclouds write `userId`. */
const userId = { userID: exactId.optional(), userId: exactId.optional() }

const wireAccepted = z.looseObject({
  recipientProvider: z.string().min(1),
  token: z.string().min(1),
  ...userId,
  email: shownName,
  name: shownName,
})

/** Reads `POST /invite-accepted`. Throws `OcmRefusal`. */
export function readAcceptedInvite(json: unknown): AcceptedInvite {
  const wire = readMessage(wireAccepted, json)
  const recipientProvider = findHost(wire.recipientProvider)
  if (recipientProvider === undefined)
    throw OcmRefusal.invalid({ name: 'recipientProvider', message: 'INVALID_FORMAT' })
  const id = wire.userID ?? wire.userId
  if (id === undefined) throw OcmRefusal.invalid({ name: 'userID', message: 'REQUIRED' })
  return {
    token: wire.token,
    recipientProvider,
    recipient: { userId: withoutHost(id, recipientProvider), displayName: wire.name, email: wire.email },
  }
}

/** Writes `POST /invite-accepted`; `host` is ours. Nextcloud 32 wants `userId`, all others `userID`. */
export function writeAcceptedInvite(
  host: string,
  token: string,
  recipient: OcmPerson,
): Record<string, unknown> {
  return { recipientProvider: host, token, ...writePerson(recipient), userId: recipient.userId }
}

/** The answer to `/invite-accepted`: who invited. */
export function writePerson(person: OcmPerson): Record<string, unknown> {
  return { userID: person.userId, email: person.email, name: person.displayName }
}

const wirePerson = z.looseObject({ ...userId, email: shownName, name: shownName })

/** Reads the answer of `host` to `/invite-accepted`; undefined when it names nobody. */
export function findPerson(json: unknown, host = ''): OcmPerson | undefined {
  const wire = wirePerson.safeParse(json).data
  const id = wire?.userID ?? wire?.userId
  return wire === undefined || id === undefined
    ? undefined
    : { userId: withoutHost(id, host), displayName: wire.name, email: wire.email }
}
