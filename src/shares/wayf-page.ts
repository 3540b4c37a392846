import { createHash } from 'node:crypto'
import { encodeInvite, type Invitation } from '../ocm/invite-string.ts'
import { htmlPage, PAGE_HEADERS } from '../platform/html-page.ts'
import { escapeAttribute, escapeText } from '../platform/xml.ts'

/** A server to pick. */
export interface WayfServer {
  host: string
  displayName: string
  federation: string
}

/** What the page shows. */
export interface WayfFacts {
  servers: readonly WayfServer[]
  /** What people search for; all servers when it is empty. */
  query: string
  /** The server that was picked in this browser before. */
  lastHost?: string | undefined
  /** Why the last choice did not lead anywhere. */
  refusal?: { typed: string; why: string; remedy: string }
}

/** More are found by searching. */
const MAX_SHOWN = 500
/** Fewer need no search. */
const SEARCH_FROM = 8

/** The list gets shorter as one types. Without it the button searches. */
const SCRIPT =
  "const q=document.querySelector('#q');if(q)q.addEventListener('input',()=>{" +
  "const t=q.value.trim().toLowerCase();for(const r of document.querySelectorAll('li'))" +
  'r.hidden=!r.textContent.toLowerCase().includes(t)})'

/** The one script is named by its hash. Forms lead to this node, and from there to the chosen server. */
export function wayfHeaders(insecureHttp: boolean): Record<string, string> {
  const hash = createHash('sha256').update(SCRIPT).digest('base64')
  const targets = `'self' https:${insecureHttp ? ' http:' : ''}`
  return {
    ...PAGE_HEADERS,
    'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`,
  }
}

/** "Where is your account?": a list of servers, and a field for one that is not in it. */
export function wayfPage(invitation: Invitation, facts: WayfFacts): string {
  const token = `<input type="hidden" name="token" value="${escapeAttribute(invitation.token)}">`
  return htmlPage(
    'Where is your account?',
    `<p>Somebody at <strong>${escapeText(invitation.provider)}</strong> invites you to become a contact; then you
can share files with each other. Pick the server where you have your account: it will ask you to sign in.</p>
${refusalOf(facts)}${lastChoice(facts, token)}${typedForm(facts, token)}${list(facts, token)}${code(invitation, facts)}`,
  )
}

/** When the invitation cannot be accepted any more, or never could. */
export function wayfOverPage(state: string | undefined): string {
  const why: Record<string, string> = {
    accepted: 'This invitation has been used already.',
    revoked: 'This invitation was withdrawn.',
    expired: 'This invitation is too old.',
  }
  const text = why[state ?? ''] ?? 'This address is not complete. Open the whole link that you were sent.'
  return htmlPage('No invitation', `<p role="alert">${text} Ask for a new one if you need it.</p>`)
}

/** When one address has asked for too many servers. */
export function wayfBusyPage(waitSeconds: number): string {
  return htmlPage(
    'Too many attempts',
    `<p role="alert">Many servers were asked for from where you are. Come back in ${waitSeconds} seconds.</p>`,
  )
}

function refusalOf({ refusal }: WayfFacts): string {
  if (refusal === undefined) return ''
  return `<p class="no" role="alert">${escapeText(refusal.why)} ${escapeText(refusal.remedy)}</p>`
}

function lastChoice({ servers, lastHost }: WayfFacts, token: string): string {
  if (lastHost === undefined) return ''
  const name = servers.find((server) => server.host === lastHost)?.displayName
  const label = name === undefined || name === lastHost ? lastHost : `${name} (${lastHost})`
  return `<form method="post" action="wayf">${token}<p>Your last choice in this browser:
<button name="server" value="${escapeAttribute(lastHost)}">${escapeText(label)}</button></p></form>`
}

function typedForm({ refusal }: WayfFacts, token: string): string {
  const value = escapeAttribute(refusal?.typed ?? '')
  return `<form method="post" action="wayf">${token}
<label>Your server, or your address there <input name="server" value="${value}" maxlength="300" autocapitalize="none"
autocomplete="off" spellcheck="false" placeholder="cloud.example.org" required></label>
<button>Continue</button></form>`
}

function list({ servers, query }: WayfFacts, token: string): string {
  const wanted = query.trim().toLowerCase()
  const found = servers.filter((server) => textOf(server).toLowerCase().includes(wanted))
  if (servers.length === 0) return ''
  const rows = found.slice(0, MAX_SHOWN).map(row).join('\n')
  const left = found.length - MAX_SHOWN
  return `<h2>Servers</h2>${servers.length < SEARCH_FROM ? '' : search(query, token)}
<form method="post" action="wayf">${token}<ul>${rows}</ul></form>
${found.length === 0 ? '<p>No server fits.</p>' : ''}${left > 0 ? `<p>${left} more; search for yours.</p>` : ''}
<script>${SCRIPT}</script>`
}

function search(query: string, token: string): string {
  return `<form action="wayf">${token}<label>Search <input id="q" name="q" type="search" maxlength="100"
value="${escapeAttribute(query)}"></label><button>Search</button></form>`
}

function row(server: WayfServer): string {
  const { host, displayName, federation } = server
  const rest = [displayName === host ? '' : host, federation].filter((text) => text !== '').join(' · ')
  return `<li><button name="server" value="${escapeAttribute(host)}">${escapeText(displayName)}</button> ${escapeText(rest)}</li>`
}

function textOf({ host, displayName, federation }: WayfServer): string {
  return `${displayName} ${host} ${federation}`
}

function code(invitation: Invitation, { refusal }: WayfFacts): string {
  return `<details${refusal === undefined ? '' : ' open'}><summary>My server takes only codes</summary>
<p>Paste this code into its dialog for invitations (on a Causeway node also: <code>causeway invite accept CODE</code>):</p>
<p><code>${escapeText(encodeInvite(invitation))}</code></p>
<p>Or, where it asks for both, the token <code>${escapeText(invitation.token)}</code> and the server
<code>${escapeText(invitation.provider)}</code>.</p></details>`
}
