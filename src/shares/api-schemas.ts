import { z } from 'zod'
import { isoTime } from '../platform/clock.ts'
import { BadRequestError } from '../platform/errors.ts'

/** Of every address that names one thing by its id. */
export const idParams = z.object({ id: z.string().min(1).max(100) })

/** `sending` and `failed` only of what I gave: it has not, or could not, be handed to the other server. */
export const shareState = z.enum(['sending', 'failed', 'pending', 'accepted', 'declined', 'revoked'])

/** What is shared. */
export const kind = z.enum(['file', 'folder'])

/** ISO 8601 in UTC, as this node answers it; what people send may have another offset. */
export const time = z.iso.datetime()

/** Owner, sender or recipient, here or elsewhere. */
export const person = z.object({ address: z.string(), displayName: z.string() })

/** How people write whom they mean; what it says is judged where it is used. */
export const address = z.string().min(1).max(500)

/** Of a public link, of this node or of another. */
export const linkPassword = z.string().max(1_000)

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
