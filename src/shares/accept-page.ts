import { encodeInvite, type Invitation } from '../ocm/invite-string.ts'
import { htmlPage } from '../platform/html-page.ts'
import { escapeAttribute, escapeText } from '../platform/xml.ts'

/** What the page has to know besides the invitation. */
export interface AcceptPageFacts {
  siteName: string
  /** The inviter is of this very server: most who open the page have their account elsewhere. */
  isFromHere: boolean
  /** Why the attempt before did not work. */
  refusal?: string
}

/** Where an invitation can be accepted: with an account here, or by its code at another server. */
export function acceptPage(invitation: Invitation, facts: AcceptPageFacts): string {
  const from = escapeText(invitation.provider)
  const refusal =
    facts.refusal === undefined ? '' : `<p class="no" role="alert">${escapeText(facts.refusal)}</p>`
  return htmlPage(
    `Invitation from ${invitation.provider}`,
    `<p>Somebody at <strong>${from}</strong> invites you to become a contact; then you can share files with
each other.</p>${facts.isFromHere ? elsewhere(invitation) : ''}${refusal}${form(invitation, facts.siteName)}`,
  )
}

function elsewhere(invitation: Invitation): string {
  return `<p>Your account is on another server? Paste this code into its dialog for invitations
(on a Causeway node also: <code>causeway invite accept CODE</code>).</p>
<p><code>${escapeText(encodeInvite(invitation))}</code></p>`
}

function form({ token, provider }: Invitation, siteName: string): string {
  return `<form method="post" action="accept-invite">
<p>Accept with your account at <strong>${escapeText(siteName)}</strong>:</p>
<input type="hidden" name="token" value="${escapeAttribute(token)}">
<input type="hidden" name="providerDomain" value="${escapeAttribute(provider)}">
<label>User name <input name="name" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Accept</button></form>`
}

/** After an acceptance that succeeded. */
export function acceptedPage(message: string): string {
  return htmlPage('You are connected', `<p role="status">${escapeText(message)}</p>`)
}

/** When the address carries no invitation. */
export function noInvitationPage(): string {
  return htmlPage(
    'No invitation',
    '<p>This address is not complete. Open the whole link that you were sent.</p>',
  )
}
