import { BadRequestError } from '../platform/errors.ts'
import { findAddress, findHost, formatAddress } from './address.ts'

/** What an invitation says: a token, and the host of the server that made it. */
export interface Invitation {
  token: string
  provider: string
}

/** The invite string: base64url of `token@host`, without padding (OCM 1.4 "Invite Flow"). */
export function encodeInvite(invitation: Invitation): string {
  const text = formatAddress({ id: invitation.token, host: invitation.provider })
  return Buffer.from(text, 'utf8').toString('base64url')
}

/** The page at the inviting server on which the invited person picks a server (OCM 1.4 "WAYF"). */
export function wayfLink(publicUrl: string, token: string): string {
  const url = new URL(`${publicUrl}/wayf`)
  url.searchParams.set('token', token)
  return url.href
}

/** An address that hands the invitation to a server's accept page: `?token=…&providerDomain=…`. */
export function inviteLink(acceptDialog: string, invitation: Invitation): string {
  const url = new URL(acceptDialog)
  url.searchParams.set('token', invitation.token)
  url.searchParams.set('providerDomain', invitation.provider)
  return url.href
}

/**
 * Reads an invitation as people paste it: the invite string (padded or plain base64 too), a link that
 * carries `token` and `providerDomain`, a link to the inviter's WAYF page, or bare `token@host`.
 * Throws `BadRequestError`.
 */
export function parseInvitation(text: string): Invitation {
  const pasted = text.trim()
  const found = /^https?:\/\//i.test(pasted) ? fromLink(pasted) : (fromBase64(pasted) ?? fromAddress(pasted))
  if (found === undefined) {
    throw new BadRequestError('This is not an invitation; paste the whole link or code that you were sent.')
  }
  return found
}

function fromLink(text: string): Invitation | undefined {
  const url = URL.parse(text)
  const token = url?.searchParams.get('token') ?? ''
  // A WAYF link stands on the inviter's own server and needs no providerDomain.
  const provider = findHost(url?.searchParams.get('providerDomain') ?? url?.origin ?? '')
  return token === '' || provider === undefined ? undefined : { token, provider }
}

function fromBase64(text: string): Invitation | undefined {
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(text)) return undefined
  return fromAddress(Buffer.from(text, 'base64').toString('utf8'))
}

function fromAddress(text: string): Invitation | undefined {
  const address = findAddress(text)
  return address === undefined ? undefined : { token: address.id, provider: address.host }
}
