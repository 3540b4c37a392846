import { escapeText } from '../platform/xml.ts'
import type { Entry, PropertyChange } from '../store/types.ts'
import { type DavAnswer, type DavCall, readBody } from './call.ts'
import { preferenceHeaders, readPreferences } from './preferences.ts'
import { tagOf } from './property-columns.ts'
import { judgeChange, parsePropertyUpdate } from './proppatch-body.ts'
import { timeToSet } from './set-times.ts'
import { folderHref } from './target.ts'
import { NAMESPACE_DECLARATIONS, propertyKey, XML_PROLOGUE, XML_TYPE } from './wire.ts'

/** PROPPATCH (RFC 4918 9.2): all changes or none. */
export async function proppatch(call: DavCall): Promise<DavAnswer> {
  const changes = parsePropertyUpdate(await readBody(call.body))
  const entry = await call.store.stat(call.session.path)
  const isRefused = changes.some((change) => judgeChange(change) === 'protected')
  const stored = changes.filter((change) => judgeChange(change) === 'store')
  const mtimeMs = entry.kind === 'file' ? timeToSet(changes) : undefined
  if (!isRefused && (stored.length > 0 || mtimeMs !== undefined)) {
    await call.store.changeProperties(call.session.path, stored, mtimeMs === undefined ? {} : { mtimeMs })
  }
  const { isMinimal } = readPreferences(call.header)
  const headers = preferenceHeaders({ isMinimal: isMinimal && !isRefused, withoutRoot: false })
  // RFC 8144 2.2: what all went well needs no list.
  if (isMinimal && !isRefused) return { status: 204, headers }
  const outcome = isRefused ? refusal(changes) : propstat(names(changes), '200 OK')
  const body = toDocument(call, entry, outcome)
  return { status: 207, headers: { 'Content-Type': XML_TYPE, ...headers }, body }
}

/** The protected ones with the reason, the others as failed by dependency (RFC 4918 9.2.1). */
function refusal(changes: readonly PropertyChange[]): string {
  const refused = changes.filter((change) => judgeChange(change) === 'protected')
  const others = changes.filter((change) => judgeChange(change) !== 'protected')
  const reason = '<d:error><d:cannot-modify-protected-property/></d:error>'
  const dependent = others.length === 0 ? '' : propstat(names(others), '424 Failed Dependency')
  return propstat(names(refused), '403 Forbidden', reason) + dependent
}

function names(changes: readonly PropertyChange[]): string {
  const once = new Map(changes.map((change) => [propertyKey(change.namespace, change.name), tagOf(change)]))
  return [...once.values()].map(({ tag, declaration }) => `<${tag}${declaration}/>`).join('')
}

function propstat(prop: string, status: string, reason = ''): string {
  return `<d:propstat><d:prop>${prop}</d:prop><d:status>HTTP/1.1 ${status}</d:status>${reason}</d:propstat>`
}

function toDocument({ target }: DavCall, entry: Entry, propstats: string): string {
  const href = entry.kind === 'folder' ? folderHref(target.rawPath) : target.rawPath
  return `${XML_PROLOGUE}<d:multistatus ${NAMESPACE_DECLARATIONS}><d:response><d:href>${escapeText(
    href,
  )}</d:href>${propstats}</d:response></d:multistatus>\n`
}
