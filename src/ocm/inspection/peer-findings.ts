import { type PeerFailure, remedyOf } from '../peer-error.ts'
import type { PeerActivity, PeerTrouble } from '../peers-repo.ts'
import { agoText, days } from './durations.ts'
import type { Finding, PeerFacts } from './peer-facts.ts'
import { signatureFindings } from './signature-findings.ts'

/** Two clocks: what is within, nobody notices; beyond, signatures look old or of the future. */
const SKEW_SEEN_MS = 30_000
const MAX_AHEAD_MS = 60_000
const MAX_BEHIND_MS = 300_000
const CERTIFICATE_SOON_DAYS = 14

/** The facts in words: what works, what does not, and what to do. The order is that in which things fail. */
export function peerFindings(facts: PeerFacts): Finding[] {
  return [
    trustFinding(facts),
    ...reachFindings(facts),
    ...tlsFindings(facts),
    ...clockFindings(facts),
    ...formFindings(facts),
    ...signatureFindings(facts),
    ...inviteFindings(facts),
    ...historyFindings(facts),
    ...refusalFindings(facts),
  ]
}

/** The worst of the findings; `unknown` when nothing was ever seen of the server. */
export function peerState(facts: PeerFacts): 'ok' | 'warn' | 'fail' | 'unknown' {
  const levels = peerFindings(facts).map((finding) => finding.level)
  if (levels.includes('fail')) return 'fail'
  if (facts.info === undefined && facts.check === undefined) return 'unknown'
  return levels.includes('warn') ? 'warn' : 'ok'
}

function trustFinding({ host, trust, rules }: PeerFacts): Finding {
  const check = 'trust'
  if (trust === 'trusted')
    return { check, level: 'ok', message: `${host} is trusted (ocm.trust: ${rules.join(', ')}).` }
  if (trust === 'denied') {
    const message = `Not trusted: ${host} is on the deny list of this node.`
    return { check, level: 'fail', message, remedy: `causeway trust undeny DIR ${host}` }
  }
  const where = rules.includes('directory')
    ? 'neither on the allow list nor in a directory'
    : 'not on the allow list'
  const message = `Not trusted: ${host} is ${where} of this node.`
  return { check, level: 'fail', message, remedy: `causeway trust add DIR ${host}` }
}

/** What a failure is about, as a word beside its sentence. */
const checks: Partial<Record<PeerFailure, string>> = {
  'no-such-host': 'name',
  'address-refused': 'address',
  unreachable: 'connection',
  busy: 'connection',
  certificate: 'certificate',
  'no-tls': 'TLS',
  'ocm-disabled': 'OCM off',
}

function reachFindings({ info, check, discoveredAtMs, atMs }: PeerFacts): Finding[] {
  const error = check?.error
  if (error !== undefined) {
    const about = checks[error.reason] ?? 'discovery'
    return [{ check: about, level: 'fail', message: error.message, remedy: error.remedy }]
  }
  if (info === undefined)
    return [
      {
        check: 'discovery',
        level: 'warn',
        message: 'Nothing is known yet.',
        remedy: 'Ask it: causeway peer HOST',
      },
    ]
  const when = check === undefined ? `, ${agoText(atMs - (discoveredAtMs ?? atMs))} ago` : ''
  const where =
    info.foundAt === undefined ? 'by ocm.peers, it has no discovery document' : `found at ${info.foundAt}`
  const speaks = info.isLegacy ? 'is older than OCM, and takes forms' : `speaks OCM ${info.apiVersion}`
  const message = `${info.provider || 'A server without a name'} ${speaks}, ${where}${when}; messages go to ${info.endPoint}.`
  const isPlain = info.endPoint.startsWith('http:')
  return [
    { check: 'discovery', level: 'ok', message },
    ...(isPlain
      ? [
          {
            check: 'TLS',
            level: 'warn' as const,
            message: 'It is talked to in plain http.',
            remedy: 'For closed networks only.',
          },
        ]
      : []),
    { check: 'capabilities', level: 'ok', message: info.capabilities.join(', ') || 'It names none.' },
    ...(info.criteria.length === 0
      ? []
      : [{ check: 'criteria', level: 'ok' as const, message: info.criteria.join(', ') }]),
  ]
}

function tlsFindings({ check, atMs }: PeerFacts): Finding[] {
  const tls = check?.tls
  if (tls === undefined) return []
  const left = Math.floor((tls.validUntilMs - atMs) / 86_400_000)
  const validity = left < 0 ? `expired ${days(-left)} ago` : `good for ${days(left)}`
  const message = `${tls.protocol}; certificate for ${tls.subject || 'nobody'} by ${tls.issuer || 'nobody'}, ${validity}.`
  if (tls.problem !== undefined) {
    return [
      {
        check: 'certificate',
        level: 'fail',
        message: `${message} It is not trusted: ${tls.problem}.`,
        remedy: remedyOf('certificate'),
      },
    ]
  }
  if (left >= CERTIFICATE_SOON_DAYS) return [{ check: 'TLS', level: 'ok', message }]
  return [{ check: 'TLS', level: 'warn', message, remedy: 'Tell its operators to renew it.' }]
}

function clockFindings({ clockSkewMs, host }: PeerFacts): Finding[] {
  if (clockSkewMs === undefined) return []
  const check = 'clock'
  const distance = Math.abs(clockSkewMs)
  if (distance <= SKEW_SEEN_MS) return [{ check, level: 'ok', message: 'Its clock agrees with ours.' }]
  const message = `Its clock is ${agoText(distance)} ${clockSkewMs > 0 ? 'ahead of' : 'behind'} ours.`
  const isBeyond = clockSkewMs > MAX_AHEAD_MS || -clockSkewMs > MAX_BEHIND_MS
  const remedy = `${isBeyond ? 'Signatures are refused because of that. ' : ''}Set the clock of this node, or of ${host}, by NTP.`
  return [{ check, level: isBeyond ? 'fail' : 'warn', message, remedy }]
}

const choosers = {
  configuration: 'ocm.peers says so',
  experience: 'what worked last',
  discovery: 'by its discovery',
}

function formFindings({ dialect, dialectBy }: PeerFacts): Finding[] {
  if (dialect === undefined || dialectBy === undefined) return []
  const message = `Messages are written in the form "${dialect}" (${choosers[dialectBy]}).`
  if (dialect !== 'ocis') return [{ check: 'form', level: 'ok', message }]
  const more =
    'Servers of this kind ask nobody what it is: their operators must list this node in ocmproviders.json.'
  return [
    {
      check: 'form',
      level: 'ok',
      message: `${message} ${more} causeway peer --provider-entry prints the entry.`,
    },
  ]
}

function inviteFindings({ info }: PeerFacts): Finding[] {
  if (info === undefined) return []
  const check = 'invitations'
  const mustInvite = info.criteria.includes('must-invite') ? ' It takes shares only from contacts.' : ''
  if (info.inviteAcceptDialog !== undefined)
    return [{ check, level: 'ok', message: `Accepted at ${info.inviteAcceptDialog}.${mustInvite}` }]
  if (info.capabilities.includes('invites'))
    return [{ check, level: 'ok', message: `By their code only: it has no page for them.${mustInvite}` }]
  return [{ check, level: 'ok', message: `It does not say that it takes any.${mustInvite}` }]
}

const activities: Record<PeerActivity, string> = {
  discovery: 'asking what it is',
  'share-sent': 'sending it a share',
  'notification-sent': 'sending it a notification',
  'invite-sent': 'accepting an invitation of it',
  'share-received': 'a share from it',
  'notification-received': 'a notification from it',
  'invite-received': 'an invitation that was accepted there',
  'token-exchange': 'exchanging a secret for a token',
}

/** What failed, in two words; the cause is in the sentence behind. */
const titles: Record<PeerFailure, string> = {
  'no-such-host': 'no such host',
  'address-refused': 'private address',
  unreachable: 'not reachable',
  certificate: 'certificate',
  'no-tls': 'no TLS',
  'no-ocm': 'no OCM',
  'ocm-disabled': 'OCM off',
  'not-trusted': 'not trusted',
  refused: 'refused',
  'signature-refused': 'signature refused',
  'recipient-unknown': 'user unknown',
  unsupported: 'not supported',
  busy: 'busy',
  'bad-answer': 'answer makes no sense',
}

function historyFindings({ record, atMs }: PeerFacts): Finding[] {
  const { lastSuccess, lastFailure } = record ?? {}
  const success = lastSuccess && {
    ...{ check: 'last success', level: 'ok' as const },
    message: `${agoText(atMs - lastSuccess.atMs)} ago: ${activities[lastSuccess.what]}.`,
  }
  const isNewer = lastFailure !== undefined && lastFailure.atMs > (lastSuccess?.atMs ?? 0)
  const failure = lastFailure && {
    check: 'last failure',
    level: isNewer ? ('warn' as const) : ('ok' as const),
    message: `${agoText(atMs - lastFailure.atMs)} ago, ${activities[lastFailure.what]}: ${titleOf(lastFailure)}. ${lastFailure.text}`,
    ...(isNewer ? { remedy: remedyOf(lastFailure.reason) } : {}),
  }
  return [success, failure].filter((one) => one !== undefined)
}

/** Whoever takes a name can have this said of it, so it is no more than a warning. */
function refusalFindings({ host, record, atMs }: PeerFacts): Finding[] {
  const { lastRefusal } = record ?? {}
  if (lastRefusal === undefined) return []
  const { fault, text, sinceMs } = lastRefusal
  const last = agoText(atMs - lastRefusal.atMs)
  const message = `Messages in the name of ${host} are refused for ${agoText(atMs - sinceMs)}, the last ${last} ago: ${fault}, ${text}.`
  const remedy = `Compare clocks and keys with the operators of ${host}; if they have sent nothing, somebody else uses its name.`
  return [{ check: 'its messages', level: 'warn', message, remedy }]
}

function titleOf({ reason, status }: PeerTrouble): string {
  return status === undefined ? titles[reason] : `${titles[reason]} (HTTP ${status})`
}
