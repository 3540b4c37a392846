import { z } from 'zod'
import { isoTime } from '../../platform/clock.ts'
import type { PeerFacts } from './peer-facts.ts'
import { peerFindings, peerState } from './peer-findings.ts'

const time = z.iso.datetime()
const state = z.enum(['ok', 'warn', 'fail', 'unknown'])
const event = z.object({ what: z.string(), at: time })

export const peerSummarySchema = z
  .object({
    host: z.string(),
    state,
    provider: z.string(),
    apiVersion: z.string(),
    trust: z.enum(['trusted', 'denied', 'not-listed']),
    dialect: z.string().optional(),
    signatures: z.string().optional().describe('The form in which messages to it are signed; `none`.'),
    lastSuccess: event.optional(),
    lastFailure: event
      .extend({ reason: z.string(), text: z.string(), status: z.int().optional() })
      .optional(),
    lastRefusal: z
      .object({ reason: z.string(), text: z.string(), since: time, at: time })
      .optional()
      .describe('Messages in its name that were refused for their signatures, when none was right since.'),
  })
  .meta({ id: 'PeerSummary' })

export const peerSchema = peerSummarySchema
  .extend({
    checked: z.boolean().describe('The server was asked now.'),
    firstSeenAt: time.optional(),
    discovery: z
      .object({
        foundAt: z.string().optional(),
        at: time.optional(),
        endPoint: z.string(),
        capabilities: z.array(z.string()),
        criteria: z.array(z.string()),
        resourceTypes: z.array(z.string()),
        inviteAcceptDialog: z.string().optional(),
        jwksUri: z.string().optional(),
        tokenEndPoint: z.string().optional(),
      })
      .optional(),
    dialectBy: z.enum(['configuration', 'experience', 'discovery']).optional(),
    clockSkewSeconds: z.number().optional().describe('How far its clock is ahead of ours.'),
    tls: z
      .object({
        protocol: z.string(),
        issuer: z.string(),
        subject: z.string(),
        validUntil: time,
        problem: z.string().optional(),
      })
      .optional(),
    keys: z.array(
      z.object({
        keyId: z.string(),
        fingerprint: z.string(),
        form: z.string(),
        state: z.enum(['known', 'held', 'announced']),
        firstSeenAt: time,
        lastSeenAt: time,
        published: z.boolean().optional().describe('Still among those that the server publishes.'),
      }),
    ),
    findings: z
      .array(
        z.object({
          check: z.string(),
          level: z.enum(['ok', 'warn', 'fail']),
          message: z.string(),
          remedy: z.string().optional(),
        }),
      )
      .describe('All of it in words, in the order in which things fail.'),
  })
  .meta({ id: 'Peer' })

/** A server as the API shows it. */
export type Peer = z.output<typeof peerSchema>

/** One line of a list. */
export function toPeerSummary(facts: PeerFacts): z.input<typeof peerSummarySchema> {
  const { host, trust, info, dialect, ourForm, record } = facts
  const { lastSuccess, lastFailure, lastRefusal } = record ?? {}
  return {
    ...{ host, trust, state: peerState(facts) },
    provider: info?.provider ?? '',
    apiVersion: info?.apiVersion ?? '',
    ...(dialect === undefined ? {} : { dialect }),
    ...(ourForm === undefined ? {} : { signatures: ourForm }),
    ...(lastSuccess === undefined
      ? {}
      : { lastSuccess: { what: lastSuccess.what, at: isoTime(lastSuccess.atMs) } }),
    ...(lastFailure === undefined ? {} : { lastFailure: toFailure(lastFailure) }),
    ...(lastRefusal === undefined ? {} : { lastRefusal: toRefusal(lastRefusal) }),
  }
}

/** Everything. */
export function toPeer(facts: PeerFacts): Peer {
  const { check, record, dialectBy, clockSkewMs } = facts
  return {
    ...toPeerSummary(facts),
    checked: check !== undefined,
    ...(record === undefined ? {} : { firstSeenAt: isoTime(record.firstSeenAtMs) }),
    ...toDiscovery(facts),
    ...(dialectBy === undefined ? {} : { dialectBy }),
    ...(clockSkewMs === undefined ? {} : { clockSkewSeconds: clockSkewMs / 1000 }),
    ...toTls(facts),
    keys: facts.keys.map(({ host: _host, firstSeenAtMs, lastSeenAtMs, ...key }) => ({
      ...key,
      firstSeenAt: isoTime(firstSeenAtMs),
      lastSeenAt: isoTime(lastSeenAtMs),
      ...(check?.published instanceof Set ? { published: check.published.has(key.fingerprint) } : {}),
    })),
    findings: peerFindings(facts),
  }
}

function toFailure({ atMs, ...failure }: NonNullable<NonNullable<PeerFacts['record']>['lastFailure']>) {
  return { ...failure, at: isoTime(atMs) }
}

function toRefusal({
  fault,
  text,
  sinceMs,
  atMs,
}: NonNullable<NonNullable<PeerFacts['record']>['lastRefusal']>) {
  return { reason: fault, text, since: isoTime(sinceMs), at: isoTime(atMs) }
}

function toDiscovery({ info, discoveredAtMs }: PeerFacts): Pick<z.input<typeof peerSchema>, 'discovery'> {
  if (info === undefined) return {}
  const { foundAt, endPoint, capabilities, criteria, inviteAcceptDialog, jwksUri, tokenEndPoint } = info
  return {
    discovery: {
      ...(foundAt === undefined ? {} : { foundAt }),
      ...(discoveredAtMs === undefined ? {} : { at: isoTime(discoveredAtMs) }),
      ...{ endPoint, capabilities, criteria },
      resourceTypes: info.resourceTypes.map((type) => type.name),
      ...(inviteAcceptDialog === undefined ? {} : { inviteAcceptDialog }),
      ...(jwksUri === undefined ? {} : { jwksUri }),
      ...(tokenEndPoint === undefined ? {} : { tokenEndPoint }),
    },
  }
}

function toTls({ check }: PeerFacts): Pick<z.input<typeof peerSchema>, 'tls'> {
  if (check?.tls === undefined) return {}
  const { validUntilMs, ...tls } = check.tls
  return { tls: { ...tls, validUntil: isoTime(validUntilMs) } }
}
