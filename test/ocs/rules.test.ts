import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findPlace } from '../../src/ocs/addresses.ts'
import { announcesBulk, announcesTus } from '../../src/ocs/capabilities.ts'
import { clientLabel } from '../../src/ocs/client-label.ts'
import { ForbiddenError } from '../../src/platform/errors.ts'
import { renderEnvelope, toOutcome } from '../../src/platform/ocs-envelope.ts'
import { parseXml } from '../../src/platform/xml.ts'

describe('addresses', () => {
  it.each([
    ['/status.php', '', 'status'],
    ['/drive/status.php', '/drive', 'status'],
    ['/drive/index.php/204', '/drive', 'no-content'],
    ['//index.php//login/v2', '', 'login-start'],
    ['/login/v2/flow/abc_-1', '', 'login-flow'],
    ['/ocs/v2.php/cloud/user/', '', 'operation'],
  ])('%s below "%s" is %s', (path, base, kind) => {
    expect(findPlace(path, base)?.kind).toBe(kind)
  })

  it.each([
    '/',
    '/ocs/v3.php/cloud/user',
    '/login/v2/flow/',
    '/login/v2/flow/a%2fb',
    '/drivestatus.php',
    '/ocs',
  ])('%s is not of this room', (path) => expect(findPlace(path, '/drive')).toBeUndefined())
})

describe('the envelope', () => {
  it('shows no text of an unexpected error', () => {
    expect(renderEnvelope('2', 'json', toOutcome(new Error('secret path'))).body).not.toContain('secret')
    expect(toOutcome(new ForbiddenError('You may not.'))).toMatchObject({
      status: 403,
      message: 'You may not.',
    })
  })

  it('is well-formed XML whatever text stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { body } = renderEnvelope('1', 'xml', {
          status: 404,
          message: text,
          data: { list: [text, true, null] },
        })
        expect(parseXml(body).name).toBe('ocs')
      }),
    )
  })
})

describe('the label of a program', () => {
  it('is printable, short and never empty', () => {
    expect(clientLabel('')).toBe('a program')
    expect(clientLabel('a\u202eb\n\tc')).toBe('a b c')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const label = clientLabel(text)
        expect(label.length).toBeGreaterThan(0)
        expect(label.length).toBeLessThanOrEqual(120)
        expect(label).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})

describe('bulk upload', () => {
  const agent = (version: string) => `Mozilla/5.0 (Linux) mirall/${version} (nextcloudcmd)`

  it.each([
    ['3.7.3git', false],
    ['3.9.4', false],
    ['2.11.0', false],
    ['3.10.0', true],
    ['3.16.2', true],
    ['33.0.1', true],
  ])('is %s safe with the desktop client: %s', (version, isAnnounced) => {
    expect(announcesBulk('safe', agent(version))).toBe(isAnnounced)
  })

  it('is announced to programs of other names, and as the operator says', () => {
    expect(announcesBulk('safe', 'curl/8')).toBe(true)
    expect(announcesBulk('always', agent('3.7.3'))).toBe(true)
    expect(announcesBulk('never', agent('33.0.1'))).toBe(false)
  })
})

describe('tus', () => {
  it.each([
    ['Mozilla/5.0 (Linux) mirall/2.11.0.8354 (ownCloud)', false],
    ['Mozilla/5.0 (Linux) mirall/5.3.1 (ownCloud)', true],
    ['Mozilla/5.0 (Android) ownCloud-android/4.5', true],
    ['Mozilla/5.0 (Linux) mirall/3.7.3 (Nextcloud)', true],
  ])('is announced to %s: %s', (agent, isAnnounced) => expect(announcesTus(agent)).toBe(isAnnounced))
})
