import { encodeInvite, type Invitation } from '../ocm/invite-string.ts'
import { htmlPage } from '../platform/html-page.ts'
import { escapeAttribute, escapeText } from '../platform/xml.ts'

/** What the page has to know besides the invitation. */
export interface AcceptPageFacts {
  /** Who signs in, and the button; markup. */
  fields: string
  /** The inviter is of this very server: most who open the page have their account elsewhere. */
  isFromHere: boolean
  /** Why the attempt before did not work. */
  refusal?: string
}

/** Where an invitation can be accepted: with an account here, or by its code at another server. */
export function acceptPage(invitation: Invitation, facts: AcceptPageFacts): string {
  const { token, provider } = invitation
  const from = escapeText(provider)
  return htmlPage(
    `Invitation from ${provider}`,
    `<p>Somebody at <strong>${from}</strong> invites you to become a contact; then you can share files with
each other.</p>${facts.isFromHere ? elsewhere(invitation) : ''}${refusalOf(facts)}${form(
      `<input type="hidden" name="token" value="${escapeAttribute(token)}">
<input type="hidden" name="providerDomain" value="${escapeAttribute(provider)}">`,
      facts,
    )}`,
  )
}

/** Where an invitation can be given in: by its code or link, or by its token and server. */
export function enterPage(facts: Omit<AcceptPageFacts, 'isFromHere'>): string {
  return htmlPage(
    'Accept an invitation',
    `${refusalOf(facts)}${form(
      `<label>Code or link of the invitation <input name="invite" maxlength="4000" autocomplete="off"></label>
<details><summary>I have a token and a server instead</summary>
<label>Token <input name="token" maxlength="1000" autocomplete="off"></label>
<label>Server <input name="providerDomain" maxlength="300" autocomplete="off"></label></details>`,
      facts,
    )}`,
  )
}

function refusalOf({ refusal }: Pick<AcceptPageFacts, 'refusal'>): string {
  return refusal === undefined ? '' : `<p class="no" role="alert">${escapeText(refusal)}</p>`
}

function elsewhere(invitation: Invitation): string {
  return `<p>Your account is on another server? Paste this code into its dialog for invitations
(on a Causeway node also: <code>causeway invite accept CODE</code>).</p>
<p><code>${escapeText(encodeInvite(invitation))}</code></p>`
}

function form(inputs: string, { fields }: Pick<AcceptPageFacts, 'fields'>): string {
  return `<form method="post" action="accept-invite">
${inputs}
${fields}</form>`
}

/** After an acceptance that succeeded. */
export function acceptedPage(message: string): string {
  return htmlPage('You are connected', `<p role="status">${escapeText(message)}</p>`)
}
