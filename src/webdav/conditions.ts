import { parseHttpDate } from '../platform/http-date.ts'
import type { WriteConditions } from '../store/types.ts'

/** The conditional headers of a request, as sent. */
export interface ConditionHeaders {
  ifMatch?: string | undefined
  ifNoneMatch?: string | undefined
  ifModifiedSince?: string | undefined
  ifUnmodifiedSince?: string | undefined
}

/** What stands at the address now; undefined for nothing. */
export interface Representation {
  /** Without quotes. */
  etag: string
  mtimeMs: number
}

export type ConditionOutcome = 'go on' | 'not modified' | 'failed'

export interface EntityTag {
  opaque: string
  weak: boolean
}

/** The tags of an `If-Match` or `If-None-Match` header; `*` for any. What is not a tag is skipped. */
export function parseEntityTags(header: string): EntityTag[] | '*' {
  if (header.trim() === '*') return '*'
  const tags = header.matchAll(/(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"/g)
  return [...tags].map(([, weak, opaque = '']) => ({ opaque, weak: weak !== undefined }))
}

/**
 * The order of RFC 9110 13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else
 * If-Modified-Since. `isRead` is true for GET and HEAD, which alone know "not modified".
 */
export function decideConditions(
  headers: ConditionHeaders,
  current: Representation | undefined,
  isRead: boolean,
): ConditionOutcome {
  if (headers.ifMatch !== undefined) {
    if (!matches(parseEntityTags(headers.ifMatch), current, 'strong')) return 'failed'
  } else if (isChangedSince(headers.ifUnmodifiedSince, current)) {
    return 'failed'
  }
  if (headers.ifNoneMatch !== undefined) {
    if (!matches(parseEntityTags(headers.ifNoneMatch), current, 'weak')) return 'go on'
    return isRead ? 'not modified' : 'failed'
  }
  if (!isRead || current === undefined) return 'go on'
  const sinceMs = parseSince(headers.ifModifiedSince)
  return sinceMs !== undefined && wholeSeconds(current.mtimeMs) <= sinceMs ? 'not modified' : 'go on'
}

function matches(
  tags: EntityTag[] | '*',
  current: Representation | undefined,
  comparison: 'strong' | 'weak',
): boolean {
  if (current === undefined) return false
  if (tags === '*') return true
  // Our own tags are strong; a weak one never equals them in the strong comparison (RFC 9110 8.8.3.2).
  return tags.some((tag) => tag.opaque === current.etag && (comparison === 'weak' || !tag.weak))
}

function isChangedSince(header: string | undefined, current: Representation | undefined): boolean {
  const sinceMs = parseSince(header)
  return sinceMs !== undefined && current !== undefined && wholeSeconds(current.mtimeMs) > sinceMs
}

function parseSince(header: string | undefined): number | undefined {
  return header === undefined ? undefined : parseHttpDate(header)
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000) * 1_000
}

/** True when the range may be served: the sender's copy is the one we have (RFC 9110 13.1.5). */
export function isIfRangeCurrent(header: string | undefined, current: Representation): boolean {
  if (header === undefined) return true
  const dateMs = parseHttpDate(header)
  if (dateMs !== undefined) return dateMs === wholeSeconds(current.mtimeMs)
  return header.trim() === `"${current.etag}"`
}

/** The same conditions for the store, which checks them once more when it publishes. */
export function toWriteConditions(headers: ConditionHeaders): WriteConditions | undefined {
  const conditions: WriteConditions = {}
  if (headers.ifMatch !== undefined) {
    const tags = parseEntityTags(headers.ifMatch)
    conditions.ifMatch = tags === '*' ? tags : tags.filter((tag) => !tag.weak).map((tag) => tag.opaque)
  }
  if (headers.ifNoneMatch !== undefined) {
    const tags = parseEntityTags(headers.ifNoneMatch)
    conditions.ifNoneMatch = tags === '*' ? tags : tags.map((tag) => tag.opaque)
  }
  return conditions.ifMatch === undefined && conditions.ifNoneMatch === undefined ? undefined : conditions
}
