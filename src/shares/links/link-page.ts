import { isoTime } from '../../platform/clock.ts'
import { htmlPage } from '../../platform/html-page.ts'
import { escapeAttribute, escapeText } from '../../platform/xml.ts'
import { type Entry, formatPath, type StorePath } from '../../store/index.ts'

/** What every page of a link says. */
export interface LinkPageFacts {
  /** Path of the link's page, `/s/<token>`. */
  base: string
  name: string
  ownerName: string
  note: string
  /** How the last request went. */
  message?: string | undefined
  refusal?: string | undefined
}

/** More would be a page that no browser shows in time. */
const MAX_ENTRIES = 5_000

/** A folder with ways to its parents and members; with `mayUpload` files can be brought. */
export function folderPage(
  facts: LinkPageFacts,
  path: StorePath,
  entries: readonly Entry[],
  mayUpload: boolean,
): string {
  const rows = entries.slice(0, MAX_ENTRIES).map((entry) => row(facts, path, entry))
  const rest = entries.length - rows.length
  const more = rest > 0 ? `<p>${rest} more are not shown here; a WebDAV client lists all.</p>` : ''
  const list = rows.length === 0 ? '<p>Nothing is in this folder.</p>' : `<ul>\n${rows.join('\n')}\n</ul>`
  const all = rows.length === 0 ? '' : packed(facts, path)
  const bring = mayUpload ? uploadForm(facts, path) : ''
  return page(facts, `${crumbs(facts, path)}${list}${more}${all}${bring}${addForm(facts)}`)
}

/** A single file. */
export function filePage(facts: LinkPageFacts, entry: Entry): string {
  const href = escapeAttribute(`${facts.base}/download`)
  const about = `${escapeText(sizeText(entry.sizeBytes))}, ${escapeText(timeText(entry.mtimeMs))}`
  return page(facts, `<p>${about}</p><p><a href="${href}" download>Download</a></p>${addForm(facts)}`)
}

/** A folder that takes files and shows none. */
export function dropPage(facts: LinkPageFacts): string {
  return page(
    facts,
    `<p>You can bring files here. Nobody but the owner sees them.</p>${uploadForm(facts, [])}`,
  )
}

/** Before anything is shown of a link with a password. */
export function passwordPage(base: string, refusal?: string): string {
  return htmlPage(
    'Protected link',
    `${alert(refusal)}<form method="post" action="${escapeAttribute(`${base}/login`)}">
<label>Password <input name="password" type="password" autocomplete="off" required autofocus></label>
<button>Open</button></form>`,
  )
}

/** Whatever ends without one of the other pages. */
export function messagePage(title: string, message: string, back?: string): string {
  const link = back === undefined ? '' : `<p><a href="${escapeAttribute(back)}">Back</a></p>`
  return htmlPage(title, `<p role="alert">${escapeText(message)}</p>${link}`)
}

/** Where another server takes the link itself, when only its host was named. */
export function otherCloudPage(base: string, host: string, href: string): string {
  return htmlPage(
    'Open in your own cloud',
    `<p>Go on at your server; it asks whether to add what is shared here:</p>
<p><a href="${escapeAttribute(href)}" rel="noreferrer">${escapeText(host)}</a></p>
<p>If nothing happens there, go back and write your whole address, you@${escapeText(host)}.</p>
<p><a href="${escapeAttribute(base)}">Back</a></p>`,
  )
}

function page(facts: LinkPageFacts, body: string): string {
  const note = facts.note === '' ? '' : `<blockquote>${escapeText(facts.note)}</blockquote>`
  const message = facts.message === undefined ? '' : `<p role="status">${escapeText(facts.message)}</p>`
  const owner = `<p>Shared by <bdi>${escapeText(facts.ownerName)}</bdi></p>`
  return htmlPage(facts.name, `${owner}${note}${message}${alert(facts.refusal)}${body}`)
}

function alert(refusal: string | undefined): string {
  return refusal === undefined ? '' : `<p class="no" role="alert">${escapeText(refusal)}</p>`
}

function crumbs({ base, name }: LinkPageFacts, path: StorePath): string {
  if (path.length === 0) return ''
  const steps = path.slice(0, -1).map((step, index) => {
    return `<a href="${placeHref(base, path.slice(0, index + 1))}"><bdi>${escapeText(step)}</bdi></a>`
  })
  const top = `<a href="${escapeAttribute(base)}"><bdi>${escapeText(name)}</bdi></a>`
  const here = `<b><bdi>${escapeText(path.at(-1) ?? '')}</bdi></b>`
  return `<nav aria-label="Folders"><p>${[top, ...steps, here].join(' / ')}</p></nav>`
}

function row({ base }: LinkPageFacts, folder: StorePath, { name, kind, sizeBytes, mtimeMs }: Entry): string {
  const path = [...folder, name]
  const href = kind === 'folder' ? placeHref(base, path) : placeHref(`${base}/download`, path)
  const attributes = kind === 'folder' ? '' : ' download'
  const about = `${kind === 'folder' ? 'folder, ' : ''}${sizeText(sizeBytes)}, ${timeText(mtimeMs)}`
  return `<li><a href="${href}"${attributes}><bdi>${escapeText(name)}</bdi></a> <small>${escapeText(about)}</small></li>`
}

function packed({ base }: LinkPageFacts, path: StorePath): string {
  return `<p><a href="${placeHref(`${base}/download`, path)}" download>Download all as one archive (ZIP)</a></p>`
}

/** Places stand in the query, which no log keeps. */
function placeHref(base: string, path: StorePath): string {
  return escapeAttribute(`${base}?path=${encodeURIComponent(formatPath(path).toWellFormed())}`)
}

function uploadForm({ base }: LinkPageFacts, path: StorePath): string {
  return `<form method="post" enctype="multipart/form-data" action="${placeHref(`${base}/upload`, path)}">
<label>Bring files <input name="files" type="file" multiple required></label>
<button>Upload</button></form>`
}

function addForm({ base }: LinkPageFacts): string {
  return `<form method="post" action="${escapeAttribute(`${base}/add`)}">
<label>Open in your own cloud <input name="shareWith" placeholder="you@your.cloud" required></label>
<button>Add</button></form>`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function sizeText(sizeBytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10))
  const value = sizeBytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`
}

function timeText(ms: number): string {
  return isoTime(ms).slice(0, 16).replace('T', ' ')
}
