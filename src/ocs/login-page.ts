import { htmlPage } from '../platform/html-page.ts'
import { escapeText } from '../platform/xml.ts'

export interface LoginPageFacts {
  siteName: string
  /** What the program calls itself; a stranger's text. */
  client: string
  /** Who signs in, and the button; markup. */
  fields: string
  /** Why the attempt before did not work. */
  refusal?: string
}

/** Where a person lets a program in. The password, or the token of the session, is what no other site can send. */
export function loginPage({ siteName, client, fields, refusal }: LoginPageFacts): string {
  const alert = refusal === undefined ? '' : `<p class="no" role="alert">${escapeText(refusal)}</p>`
  return htmlPage(
    `Sign in at ${siteName}`,
    `<p>A program that calls itself <strong>${escapeText(client)}</strong> wants to use your files.</p>
<p>Go on only if you started it yourself just now. It gets a password of its own, never yours; you can revoke
it at any time.</p>${alert}
<form method="post">
${fields}</form>`,
  )
}

/** After it was granted. */
export function grantedPage(client: string): string {
  return htmlPage(
    'Access granted',
    `<p role="status"><strong>${escapeText(client)}</strong> is connected. You can close this window.</p>`,
  )
}

/** When the address is unknown, was used, or is too old. */
export function noFlowPage(): string {
  return htmlPage(
    'This sign-in is over',
    '<p>It was used already, or more than 20 minutes have passed. Start it again in the program.</p>',
  )
}
