import { BadRequestError, ForbiddenError } from '../platform/errors.ts'
import { findChild, isNamed, parseXml, textOf, type XmlElement } from '../platform/xml.ts'
import { staleToken } from '../store/catalogue/sync-token.ts'
import { namesIn } from './propfind-body.ts'
import { fromSyncUri } from './sync-properties.ts'
import { DAV, type PropertyName } from './wire.ts'

/** A sync-collection report as asked for (RFC 6578 6.1). */
export interface SyncQuery {
  token: string | undefined
  depth: '1' | 'infinity'
  /** `nresults`, when given. */
  limit: number | undefined
  names: PropertyName[]
}

/** Reads the body of a REPORT; `ForbiddenError` (supported-report) for any other report. */
export function parseSyncBody(body: Uint8Array): SyncQuery {
  if (body.length === 0) throw malformed('there is none')
  const root = parseXml(body)
  if (!isNamed(root, DAV, 'sync-collection')) throw unsupportedReport()
  const token = findChild(root, DAV, 'sync-token')
  if (token === undefined) throw malformed('it lacks DAV:sync-token, which is empty at the first time')
  const prop = findChild(root, DAV, 'prop')
  return {
    token: tokenIn(token),
    depth: depthIn(findChild(root, DAV, 'sync-level')),
    limit: limitIn(findChild(root, DAV, 'limit')),
    names: prop === undefined ? [] : namesIn(prop),
  }
}

function tokenIn(element: XmlElement): string | undefined {
  const uri = textOf(element).trim()
  if (uri === '') return undefined
  const token = fromSyncUri(uri)
  if (token === undefined) throw staleToken()
  return token
}

function depthIn(element: XmlElement | undefined): SyncQuery['depth'] {
  const level = element === undefined ? '' : textOf(element).trim()
  if (level !== '1' && level !== 'infinite') throw malformed('DAV:sync-level must be 1 or infinite')
  return level === '1' ? '1' : 'infinity'
}

function limitIn(element: XmlElement | undefined): number | undefined {
  if (element === undefined) return undefined
  const nresults = findChild(element, DAV, 'nresults')
  const text = nresults === undefined ? '' : textOf(nresults).trim()
  if (!/^[1-9]\d{0,9}$/.test(text)) throw malformed('DAV:nresults must be a number above zero')
  return Number(text)
}

/** RFC 3253 3.6. */
export function unsupportedReport(): ForbiddenError {
  return new ForbiddenError('The only report here is DAV:sync-collection, of a folder.', {
    code: 'SUPPORTED_REPORT',
  })
}

function malformed(how: string): BadRequestError {
  return new BadRequestError(`The sync-collection body is not one: ${how}.`, { code: 'INVALID_XML' })
}
