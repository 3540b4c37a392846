import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeInvite, inviteLink, parseInvitation } from '../../src/ocm/invite-string.ts'

const invitation = { token: 'a55a966e-15c1-4cb9-a39d-4e4c54399baf', provider: 'cloud.example.org' }
const encoded = 'YTU1YTk2NmUtMTVjMS00Y2I5LWEzOWQtNGU0YzU0Mzk5YmFmQGNsb3VkLmV4YW1wbGUub3Jn'

describe('an invitation', () => {
  it('is base64url of token and provider', () => {
    expect(encodeInvite(invitation)).toBe(encoded)
    expect(parseInvitation(encoded)).toEqual(invitation)
  })

  it('comes back whatever its token holds', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{1,40}$/), (token) => {
        const one = { token, provider: 'leiden.test:8443' }
        expect(parseInvitation(encodeInvite(one))).toEqual(one)
      }),
    )
  })

  it.each([
    ['padding', `${encoded}==`],
    [
      'plain base64',
      Buffer.from('a55a966e-15c1-4cb9-a39d-4e4c54399baf@cloud.example.org').toString('base64'),
    ],
    ['blanks around it', `  ${encoded}\n`],
    ['the bare form', 'a55a966e-15c1-4cb9-a39d-4e4c54399baf@cloud.example.org'],
    ['an accept link', inviteLink('https://bob.example/accept?lang=pl', invitation)],
    ['a WAYF link', `https://cloud.example.org/wayf?token=${invitation.token}`],
    [
      'a provider with scheme',
      `https://bob.example/a?token=${invitation.token}&providerDomain=https://cloud.example.org`,
    ],
  ])('is read with %s', (_form, text) => {
    expect(parseInvitation(text)).toEqual(invitation)
  })

  it('keeps the query of the dialog it is appended to', () => {
    const link = new URL(inviteLink('https://bob.example/accept?lang=pl', invitation))
    expect(Object.fromEntries(link.searchParams)).toEqual({
      lang: 'pl',
      token: invitation.token,
      providerDomain: 'cloud.example.org',
    })
  })

  it.each(['', 'hello', '????', 'https://cloud.example.org/', 'https://', 'QUJD'])('is not %j', (text) => {
    expect(() => parseInvitation(text)).toThrow('This is not an invitation')
  })
})
