import { htmlPage, PAGE_HEADERS } from '../../platform/html-page.ts'
import { newSecret } from '../../platform/ids.ts'
import { escapeAttribute, escapeText } from '../../platform/xml.ts'
import type { Launch } from './open-webapp.ts'

/** What to ask for when nobody has shown who they are. */
export interface OpenQuestion {
  /** Who signs in, and the button; markup. */
  fields: string
  /** Where inside the share; empty for all of it. */
  path: string
  /** Why the attempt before did not work. */
  refusal?: string
}

/** Asks for the account that was given the share. */
export function signInPage({ fields, path, refusal }: OpenQuestion): string {
  return htmlPage(
    'Open what was shared with you',
    `${refusal === undefined ? '' : `<p class="no" role="alert">${escapeText(refusal)}</p>`}
<form method="post" action="?">
<input type="hidden" name="path" value="${escapeAttribute(path)}">
${fields}</form>`,
  )
}

/** The page that goes on to the application by itself, and the headers under which it may. */
export function launchPage({ method, url, fields }: Launch): {
  html: string
  headers: Record<string, string>
} {
  const nonce = newSecret(16)
  const { origin, host } = new URL(url)
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escapeAttribute(value)}">`,
  )
  const way =
    method === 'POST'
      ? `<form method="post" action="${escapeAttribute(url)}">${inputs.join('\n')}<button>Open</button></form>
<script nonce="${nonce}">document.forms[0].submit()</script>`
      : `<p><a rel="noopener noreferrer" href="${escapeAttribute(url)}">Open</a></p>
<script nonce="${nonce}">location.replace(document.links[0].href)</script>`
  return {
    html: htmlPage('On the way', `<p>This leads to <strong>${escapeText(host)}</strong>.</p>\n${way}`),
    headers: {
      ...PAGE_HEADERS,
      // Browsers hold where a form is led on to against `form-action`, too: a sign-in of the other side, perhaps.
      'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'; form-action ${origin} https:; frame-ancestors 'none'; base-uri 'none'`,
      // The application may ask from where it is posted to; it learns the server and no address on it.
      'Referrer-Policy': 'strict-origin',
    },
  }
}
