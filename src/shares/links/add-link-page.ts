import { htmlPage, PAGE_HEADERS } from '../../platform/html-page.ts'
import { escapeAttribute, escapeText } from '../../platform/xml.ts'

export interface AddLinkFacts {
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  /** Who signs in, and the button; markup. */
  fields: string
  /** The link, as far as it is known. */
  link: string
  refusal?: string
}

/** The one page with a script: what stands behind the `#` of its address no server is told. */
export const ADD_LINK_HEADERS = {
  ...PAGE_HEADERS,
  'Content-Security-Policy': `${PAGE_HEADERS['Content-Security-Policy']}; script-src 'self'`,
}

/** Asks for a public link of another server, and who wants to have what it shows. */
export function addLinkFormPage({ basePath, fields, link, refusal }: AddLinkFacts): string {
  const no = refusal === undefined ? '' : `<p class="no" role="alert">${escapeText(refusal)}</p>`
  return htmlPage(
    'Add a link to your files',
    `${no}<p id="what">What a public link of another server shows is shared with you.</p>
<form method="post" action="${escapeAttribute(basePath)}/add-link">
<label>Link <input name="link" maxlength="4000" autocomplete="off" required value="${escapeAttribute(link)}"></label>
<label>Password of the link, if it has one <input name="linkPassword" type="password" autocomplete="off"></label>
${fields}</form>
<script src="${escapeAttribute(basePath)}/add-link.js"></script>`,
  )
}

export function addedLinkPage(name: string | undefined): string {
  const text =
    name === undefined
      ? 'The other server was asked. When the share has arrived it waits for your answer.'
      : `${name} has arrived, and waits for your answer.`
  return htmlPage('Added', `<p role="status">${escapeText(text)}</p>`)
}

/** Fills in the form from `#remote=…&token=…&owner=…&name=…`, where Nextcloud and ownCloud send visitors. */
export const ADD_LINK_SCRIPT = `'use strict'
const values = new URLSearchParams(location.hash.slice(1))
const remote = values.get('remote')
const token = values.get('token')
if (remote && token) {
  const origin = /^https?:\\/\\//i.test(remote) ? remote : 'https://' + remote
  const link = origin.replace(/\\/$/, '') + '/index.php/s/' + encodeURIComponent(token)
  document.querySelector('[name=link]').value = link
  const owner = values.get('ownerDisplayName') || values.get('owner') || 'Somebody'
  document.getElementById('what').textContent =
    owner + ' at ' + remote + ' lets you have ' + (values.get('name') || 'something') + '.'
  const elsewhere = document.getElementById('elsewhere')
  if (elsewhere) elsewhere.href += encodeURIComponent(location.hash)
}
`
