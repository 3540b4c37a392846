import { z } from 'zod'
import { ACTIVITIES, type Activity } from '../../platform/access-scope.ts'
import { BadRequestError, ForbiddenError, NotImplementedError } from '../../platform/errors.ts'
import { isWithin } from '../../store/paths.ts'
import type { StorePath } from '../../store/types.ts'
import { type DavAnswer, type DavCall, readBody } from '../call.ts'
import { parseTarget } from '../target.ts'
import { parseActivities } from './activities.ts'
import { parseDurationSeconds } from './duration.ts'

const MAX_BYTES = 16 * 1024
const DEFAULT_SECONDS = 3_600

const requestSchema = z.object({
  caveats: z.array(z.string().max(4_000)).max(20).default([]),
  validity: z.string().max(100).optional(),
})

export function isMacaroonRequest({ header }: DavCall): boolean {
  return /^application\/macaroon-request\s*(;|$)/i.test(header('content-type')?.trim() ?? '')
}

/**
 * A token for the address of the request and what lies below it, as grid clients ask for one: caveats
 * `activity:`, `path:` (an address on this server) and `before:`. A caveat that is not known is refused,
 * because it would not be kept. What is given is no macaroon, but used as one: as a bearer.
 */
export async function macaroon(call: DavCall): Promise<DavAnswer> {
  const { context, session, target } = call
  const { tokens } = context
  if (tokens === undefined) throw new NotImplementedError('This node gives no tokens.')
  if (session.asker === undefined) throw new ForbiddenError('Only who has an account here is given a token.')
  const limits = await readLimits(call)
  const grant = { path: [...limits.path], activities: limits.activities }
  const { token } = await tokens.issue(session.asker, [grant], limits.seconds)
  const address = `${context.publicOrigin ?? ''}${target.rawPath}`
  const body = JSON.stringify({ macaroon: token, uri: { target: address, base: address } })
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return { status: 200, headers, body: `${body}\n` }
}

interface Limits {
  path: StorePath
  activities: Activity[]
  seconds: number
}

async function readLimits(call: DavCall): Promise<Limits> {
  const { caveats, validity } = parse((await readBody(call.body, MAX_BYTES)).toString('utf8'))
  const limits: Limits = {
    path: call.session.path,
    activities: [...ACTIVITIES],
    seconds: validity === undefined ? DEFAULT_SECONDS : parseDurationSeconds(validity),
  }
  for (const caveat of caveats) await apply(call, limits, caveat)
  if (limits.activities.length === 0) throw wrong('The activities of the caveats exclude each other.')
  return limits
}

function parse(text: string): z.infer<typeof requestSchema> {
  try {
    const result = requestSchema.safeParse(text.trim() === '' ? {} : JSON.parse(text))
    if (result.success) return result.data
  } catch {
    // The same answer as for JSON of another form.
  }
  throw wrong('The body must be JSON such as {"caveats": ["activity:DOWNLOAD"], "validity": "PT1H"}.')
}

/** Each caveat can only take away. */
async function apply(call: DavCall, limits: Limits, caveat: string): Promise<void> {
  const [, kind = '', value = ''] = /^\s*([a-z]+)\s*:(.*)$/is.exec(caveat) ?? []
  if (kind === 'activity') {
    const wanted = parseActivities(value)
    limits.activities = limits.activities.filter((activity) => wanted.includes(activity))
  } else if (kind === 'path') limits.path = await narrower(call, limits.path, value.trim())
  else if (kind === 'before') limits.seconds = Math.min(limits.seconds, secondsUntil(call, value.trim()))
  else throw wrong(`The caveat ${JSON.stringify(caveat.slice(0, 60))} is not known here.`)
}

async function narrower(call: DavCall, path: StorePath, address: string): Promise<StorePath> {
  const target = parseTarget(address)
  const place = call.context.isOwn(target) ? await call.context.open(target) : undefined
  if (place !== undefined && place.key === call.session.key && isWithin(place.path, path)) return place.path
  throw wrong('A path: caveat must be an address on this server, at or below that of the request.')
}

function secondsUntil({ context }: DavCall, text: string): number {
  const seconds = Math.floor((Date.parse(text) - context.clock.nowMs()) / 1_000)
  if (seconds > 0) return seconds
  throw wrong('A before: caveat must be a time to come, such as 2030-01-01T00:00:00Z.')
}

function wrong(message: string): BadRequestError {
  return new BadRequestError(message, { code: 'INVALID_CAVEAT' })
}
