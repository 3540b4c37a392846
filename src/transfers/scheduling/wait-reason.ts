import { isoTime } from '../../platform/clock.ts'

/** Why a request waits, in the order in which reasons are named: what lasts, or what a person can end, first. */
export const waitCodes = [
  'maintenance',
  'paused',
  'not_before',
  'client',
  'token_expired',
  'quota',
  'staging',
  'peer_down',
  'backoff_until',
  'slot_host',
  'slot_link',
  'bandwidth',
  'slot_share',
  'slot_global',
] as const
export type WaitCode = (typeof waitCodes)[number]

/** Slots of something, all in use. */
export interface FullSlots {
  running: number
  limit: number
}

/** What is known of a waiting request, by code: a fact that is there holds the request back. */
export interface WaitFacts {
  /** The operator stopped all transfers. */
  maintenance?: { reason?: string; untilMs?: number }
  /** Somebody paused it, or something it belongs to. */
  paused?: { what: 'file' | 'job' | 'link' | 'share' | 'host'; by: 'user' | 'operator'; reason?: string }
  /** The order says when it begins. */
  not_before?: { untilMs: number }
  /** The next step is the client's: it uploads, confirms or asks for the result. */
  client?: { what: string }
  /** The credential for this host has expired and cannot be renewed. */
  token_expired?: { host: string }
  /** The destination has no room. */
  quota?: { missingBytes?: number; untilMs?: number }
  /** Tape: the source is being brought online. */
  staging?: { host: string; sinceMs: number; untilMs?: number }
  /** The breaker of a host is open; `why` is what `mayStart` said. */
  peer_down?: { why: string; untilMs: number }
  /** The last attempt failed. */
  backoff_until?: { attempt: number; maxAttempts: number; error: string; untilMs: number }
  slot_host?: FullSlots & { host: string }
  /** `rationale` is that of the link's optimizer. */
  slot_link?: FullSlots & { link: string; rationale?: string }
  bandwidth?: { what: string; bytesPerSecond: number; untilMs?: number }
  slot_share?: FullSlots & { share: string }
  /** `ahead` is how many requests go before this one. */
  slot_global?: FullSlots & { ahead?: number }
}

/** Why a request waits, for people and programs. */
export interface WaitReason {
  code: WaitCode
  /** One or two sentences: the cause, and how it ends. */
  text: string
  /** The earliest time at which it may end by itself, where that is known. */
  untilMs?: number
}

type Words = { [Code in WaitCode]: (fact: NonNullable<WaitFacts[Code]>) => string }

const words: Words = {
  maintenance: ({ reason, untilMs }) =>
    `The operator has stopped all transfers${because(reason)}. It goes on ${when(untilMs, 'when they are started again')}.`,
  paused: ({ what, by, reason }) =>
    `The ${what} is paused by ${by === 'user' ? 'its user' : 'the operator'}${because(reason)}. It goes on when resumed.`,
  not_before: ({ untilMs }) => `It was ordered to begin no earlier than ${isoTime(untilMs)}.`,
  client: ({ what }) => `It waits for the client to ${what}.`,
  token_expired: ({ host }) =>
    `The credential for ${host} has expired and cannot be renewed. Give a new one; it goes on by itself.`,
  quota: ({ missingBytes, untilMs }) =>
    `The destination has no room${missingBytes === undefined ? '' : `: ${bytes(missingBytes)} are missing`}. ` +
    `Make room; it is tried again ${when(untilMs, 'from time to time')}.`,
  staging: ({ host, sinceMs }) =>
    `${host} has been bringing the file online from tape since ${isoTime(sinceMs)}. That can take hours.`,
  peer_down: ({ why }) => why,
  backoff_until: ({ attempt, maxAttempts, error, untilMs }) =>
    `Attempt ${attempt} of ${maxAttempts} failed: ${sentence(error)} It is tried again at ${isoTime(untilMs)}.`,
  slot_host: ({ host, running, limit }) =>
    `${used(running, limit, `of ${host}`)}. It starts when one of its transfers ends.`,
  slot_link: ({ link, running, limit, rationale }) =>
    `${used(running, limit, `of the link ${link}`)}${because(rationale)}. It starts when one is free.`,
  bandwidth: ({ what, bytesPerSecond, untilMs }) =>
    `The bandwidth limit of ${what} is reached: ${bytes(bytesPerSecond)} per second${
      untilMs === undefined ? '' : ` until ${isoTime(untilMs)}`
    }.`,
  slot_share: ({ share, running, limit }) =>
    `${used(running, limit, `that the share ${share} is entitled to now`)}; other shares wait as well.`,
  slot_global: ({ running, limit, ahead }) =>
    `${used(running, limit, 'of this node')}${ahead === undefined ? '' : `; ${count(ahead)} before it`}.`,
}

/**
 * The reason to show for a waiting request: of all facts the first in the order of `waitCodes`. Undefined
 * when nothing holds it back: it starts at the next look at the queue.
 */
export function waitReason(facts: WaitFacts): WaitReason | undefined {
  for (const code of waitCodes) {
    const reason = reasonOf(code, facts)
    if (reason !== undefined) return reason
  }
  return undefined
}

function reasonOf<Code extends WaitCode>(code: Code, facts: WaitFacts): WaitReason | undefined {
  const fact = facts[code]
  if (fact === undefined) return undefined
  const text = words[code](fact as NonNullable<WaitFacts[Code]>)
  const untilMs = 'untilMs' in fact ? fact.untilMs : undefined
  return untilMs === undefined ? { code, text } : { code, text, untilMs }
}

const because = (reason: string | undefined) => (reason ? ` (${reason.replace(/\.$/, '')})` : '')
const when = (untilMs: number | undefined, otherwise: string) =>
  untilMs === undefined ? otherwise : `at ${isoTime(untilMs)}`
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
const count = (requests: number) => (requests === 1 ? 'one request goes' : `${requests} requests go`)

function used(running: number, limit: number, whose: string): string {
  if (limit === 0) return `There are no slots ${whose}`
  const more = running > limit ? ` (and ${running - limit} more)` : ''
  return limit === 1
    ? `The only slot${more} ${whose} is in use`
    : `All ${limit} slots${more} ${whose} are in use`
}

function bytes(value: number): string {
  const names = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = Math.min(names.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10))
  return `${Math.round((value / 1024 ** power) * 10) / 10} ${names[power]}`
}
