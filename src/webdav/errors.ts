import { BASIC_CHALLENGE } from '../platform/challenge.ts'
import { AppError, MethodNotAllowedError, RangeNotSatisfiableError } from '../platform/errors.ts'
import { escapeText } from '../platform/xml.ts'
import { ALLOW, XML_PROLOGUE, XML_TYPE } from './wire.ts'

/** 415: a body of a kind this method does not take (RFC 4918 9.3.1). */
export class UnsupportedMediaTypeError extends AppError {
  override name = 'UnsupportedMediaTypeError'
  constructor(message: string) {
    super(415, 'UNSUPPORTED_MEDIA_TYPE', message)
  }
}

/** Codes of our errors for which RFC 4918 16 or RFC 4331 6 names an element. */
const ELEMENTS: ReadonlyMap<string, string> = new Map([
  ['PROPFIND_FINITE_DEPTH', '<d:propfind-finite-depth/>'],
  ['CANNOT_MODIFY_PROTECTED_PROPERTY', '<d:cannot-modify-protected-property/>'],
  ['VALID_SYNC_TOKEN', '<d:valid-sync-token/>'],
  ['SUPPORTED_REPORT', '<d:supported-report/>'],
  ['LOCK_TOKEN_MATCHES_REQUEST_URI', '<d:lock-token-matches-request-uri/>'],
  ['INSUFFICIENT_STORAGE', '<d:quota-not-exceeded/>'],
  ['QUOTA_EXCEEDED', '<d:quota-not-exceeded/>'],
  ['DISK_FULL', '<d:sufficient-disk-space/>'],
])

export interface ErrorContext {
  method: string
  /** The address the request named, for elements that must carry one. */
  href: string
}

export interface WireError {
  status: number
  headers: Record<string, string>
  body: string
}

/**
 * An error as WebDAV clients read it: `DAV:error` with the precondition that failed, and sabre's
 * `s:message`, which the desktop clients show. What is not an `AppError` becomes a 500 without a word
 * of its text.
 */
export function toWireError(error: unknown, context: ErrorContext): WireError {
  const known = error instanceof AppError ? error : undefined
  const status = known?.status ?? 500
  const message = known?.message ?? 'Something failed inside this server; its log says what.'
  const element = known === undefined ? '' : conditionElement(known, context)
  const body = `${XML_PROLOGUE}<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">${element}<s:message>${escapeText(message)}</s:message></d:error>`
  return { status, headers: { 'Content-Type': XML_TYPE, ...errorHeaders(known) }, body }
}

function conditionElement(error: AppError, { method, href }: ErrorContext): string {
  if (error.status !== 423) return ELEMENTS.get(error.code) ?? ''
  const inside = `<d:href>${escapeText(href)}</d:href>`
  return method === 'LOCK'
    ? `<d:no-conflicting-lock>${inside}</d:no-conflicting-lock>`
    : `<d:lock-token-submitted>${inside}</d:lock-token-submitted>`
}

function errorHeaders(error: AppError | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  if (error instanceof RangeNotSatisfiableError) headers['Content-Range'] = `bytes */${error.sizeBytes}`
  if (error instanceof MethodNotAllowedError) headers.Allow = ALLOW.any
  if (error?.code === 'TUS_VERSION') headers['Tus-Version'] = '1.0.0'
  if (error?.status === 401) headers['WWW-Authenticate'] = BASIC_CHALLENGE
  if (error?.retryAfterSeconds !== undefined) headers['Retry-After'] = `${Math.ceil(error.retryAfterSeconds)}`
  return headers
}
