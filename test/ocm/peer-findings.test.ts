import { describe, expect, it } from 'vitest'
import type { PeerFacts } from '../../src/ocm/inspection/peer-facts.ts'
import { peerFindings, peerState } from '../../src/ocm/inspection/peer-findings.ts'
import type { PeerFailure } from '../../src/ocm/peer-error.ts'
import type { PeerInfo } from '../../src/ocm/peer-info.ts'
import { START_MS } from './support.ts'

const DAY_MS = 86_400_000

const info: PeerInfo = {
  ...{
    host: 'peer.test',
    foundAt: 'https://peer.test/.well-known/ocm',
    apiVersion: '1.4.0',
    provider: 'Peer',
  },
  ...{
    endPoint: 'https://peer.test/ocm',
    capabilities: ['http-sig', 'invites'],
    criteria: [],
    resourceTypes: [],
  },
}

const key = {
  ...{
    host: 'peer.test',
    keyId: 'peer.test#1',
    fingerprint: 'f1',
    form: 'draft-07',
    state: 'known' as const,
  },
  ...{ firstSeenAtMs: START_MS - 3 * DAY_MS, lastSeenAtMs: START_MS - 90_000 },
}

const facts = (more: Partial<PeerFacts> = {}): PeerFacts => ({
  ...{ host: 'peer.test', atMs: START_MS, trust: 'trusted', rules: ['open'], demands: 'always', keys: [] },
  ...{
    info,
    discoveredAtMs: START_MS - 7_200_000,
    ourForm: 'draft-07',
    dialect: 'standard',
    dialectBy: 'discovery',
  },
  ...more,
})

const finding = (more: Partial<PeerFacts>, check: string) =>
  peerFindings(facts(more)).find((one) => one.check === check)

describe('what is said of a peer', () => {
  it('warns of messages in its name that are refused, as whoever takes the name can cause it', () => {
    const refusal = { fault: 'SIGNATURE_EXPIRED', text: 'too old', atMs: START_MS - 120_000 } as const
    const record = {
      host: 'peer.test',
      firstSeenAtMs: START_MS - DAY_MS,
      lastRefusal: { ...refusal, sinceMs: START_MS - 7_200_000 },
    }
    expect(finding({ record }, 'its messages')).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(
        /refused for 2 hours, the last 2 minutes ago: SIGNATURE_EXPIRED, too old/,
      ),
    })
    expect(peerState(facts({ record, keys: [key] }))).toBe('warn')
    expect(finding({}, 'its messages')).toBeUndefined()
  })

  it('says of a server from before OCM what it takes', () => {
    const texts = peerFindings(facts({ info: { ...info, apiVersion: '0', isLegacy: true } }))
    expect(texts.find(({ check }) => check === 'discovery')?.message).toMatch(
      /is older than OCM, and takes forms/,
    )
  })

  it.each([
    [0, 'ok', 'agrees'],
    [-30_000, 'ok', 'agrees'],
    [45_000, 'warn', '45 seconds ahead of'],
    [61_000, 'fail', '1 minute ahead of'],
    [-299_000, 'warn', '4 minutes behind'],
    [-7_300_000, 'fail', '2 hours behind'],
  ])('with a clock that is %i ms ahead is %s', (clockSkewMs, level, words) => {
    expect(finding({ clockSkewMs }, 'clock')).toMatchObject({
      level,
      message: expect.stringContaining(words),
    })
  })

  it.each([
    ['trusted', ['open'], 'ok', 'ocm.trust: open'],
    ['denied', ['open'], 'fail', 'deny list'],
    ['not-listed', ['allowlist'], 'fail', 'not on the allow list'],
    ['not-listed', ['allowlist', 'directory'], 'fail', 'neither on the allow list nor in a directory'],
  ] as const)('that is %s by %j is %s', (trust, rules, level, words) => {
    expect(finding({ trust, rules }, 'trust')).toMatchObject({
      level,
      message: expect.stringContaining(words),
    })
  })

  it('has the age of its keys', () => {
    expect(finding({ keys: [key] }, 'its signatures')?.message).toBe(
      'RFC 9421 as in OCM draft-07, by the key peer.test#1, known for 3 days, used 1 minute ago.',
    )
    const { keys } = {
      keys: [key, { ...key, state: 'held' as const, keyId: 'peer.test#2', fingerprint: 'f2' }],
    }
    expect(finding({ keys }, 'changed key')).toMatchObject({ level: 'fail' })
    expect(peerState(facts({ keys }))).toBe('fail')
  })

  it.each([
    [new Set(['f1']), 'ok', '1 published'],
    [new Set(['f9']), 'warn', 'none of which it has signed with'],
    [new Set<string>(), 'fail', 'publishes no key'],
    ['it is gone', 'fail', 'cannot be read: it is gone'],
  ])('that publishes %j is %s', (published, level, words) => {
    const check = finding({ keys: [key], check: { published } }, 'its keys')
    expect(check).toMatchObject({ level, message: expect.stringContaining(words) })
  })

  it('that cannot sign depends on what this node demands', () => {
    expect(finding({ ourForm: 'none' }, 'its signatures')).toMatchObject({ level: 'fail' })
    expect(finding({ ourForm: 'none', demands: 'known' }, 'its signatures')).toMatchObject({ level: 'warn' })
  })

  it.each([
    [40, undefined, 'TLS', 'ok'],
    [3, undefined, 'TLS', 'warn'],
    [-2, 'CERT_HAS_EXPIRED', 'certificate', 'fail'],
  ])('with a certificate for %i days (%s) has a finding about %s: %s', (left, problem, check, level) => {
    const tls = {
      protocol: 'TLSv1.3',
      issuer: 'CA',
      subject: 'peer.test',
      validUntilMs: START_MS + left * DAY_MS,
    }
    const found = finding(
      { check: { tls: { ...tls, ...(problem === undefined ? {} : { problem }) } } },
      check,
    )
    expect(found?.level).toBe(level)
  })

  it.each<[PeerFailure, string]>([
    ['recipient-unknown', 'user unknown'],
    ['ocm-disabled', 'OCM off'],
    ['not-trusted', 'not trusted'],
    ['signature-refused', 'signature refused'],
    ['no-such-host', 'no such host'],
    ['certificate', 'certificate'],
  ])('after a failure %s is "%s", with what to do', (reason, words) => {
    const lastFailure = {
      what: 'share-sent' as const,
      atMs: START_MS - 60_000,
      reason,
      text: 'It failed.',
      status: 400,
    }
    const record = { host: 'peer.test', firstSeenAtMs: 1, lastFailure }
    expect(finding({ record }, 'last failure')).toMatchObject({
      level: 'warn',
      message: `1 minute ago, sending it a share: ${words} (HTTP 400). It failed.`,
      remedy: expect.stringMatching(/\.$/),
    })
    const since = { ...record, lastSuccess: { what: 'share-sent' as const, atMs: START_MS } }
    expect(finding({ record: since }, 'last failure')).toMatchObject({ level: 'ok' })
  })

  it('is unknown as long as nothing was seen of it', () => {
    const { info: _info, ourForm: _form, dialect: _dialect, ...nothing } = facts()
    expect(peerState(nothing)).toBe('unknown')
    expect(peerState(facts({ keys: [key] }))).toBe('ok')
  })
})
