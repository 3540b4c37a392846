import { AppError } from './errors.ts'
import { escapeText } from './xml.ts'

/** The `data` of an answer: what JSON and XML can both say. */
export type OcsData =
  | string
  | number
  | boolean
  | null
  | readonly OcsData[]
  | { readonly [key: string]: OcsData }

export type OcsVersion = '1' | '2'
export type OcsFormat = 'json' | 'xml'

export interface OcsOutcome {
  /** HTTP status that fits, before the rules of the version. */
  status: number
  message: string
  data: OcsData
  /** The thing asked for is missing, not the operation: the one 404 that version 1 has, too. */
  isMissingThing?: boolean
}

export interface OcsReply {
  status: number
  type: string
  body: string
}

/** An error as an outcome; what is no `AppError` shows nothing of its text. */
export function toOutcome(error: unknown): OcsOutcome {
  if (error instanceof AppError) return { status: error.status, message: error.message, data: [] }
  return { status: 500, message: 'Something failed inside this server; its log says what.', data: [] }
}

/** What is asked for with `?format=`, else with `Accept`; XML unless JSON is. */
export function ocsFormatOf(querystring: string, accept: string): OcsFormat {
  const asked = new URLSearchParams(querystring).get('format')
  if (asked !== null) return asked === 'json' ? 'json' : 'xml'
  return /\bapplication\/json\b/.test(accept) ? 'json' : 'xml'
}

/**
 * The envelope around every answer. Version 1 answers HTTP 200 and counts in its own codes (100 is fine),
 * but for 401, which clients look for in HTTP; version 2 counts as HTTP does.
 */
export function renderEnvelope(version: OcsVersion, format: OcsFormat, outcome: OcsOutcome): OcsReply {
  const { status, message, data } = outcome
  const isOk = status < 300
  const statuscode = version === '2' ? status : toVersion1(outcome)
  const meta = { status: isOk ? 'ok' : 'failure', statuscode, message: isOk ? 'OK' : message }
  return {
    status: version === '2' || status === 401 ? status : 200,
    type: format === 'json' ? 'application/json; charset=utf-8' : 'application/xml; charset=utf-8',
    body: format === 'json' ? JSON.stringify({ ocs: { meta, data } }) : toXml({ meta, data }),
  }
}

function toVersion1({ status, isMissingThing = false }: OcsOutcome): number {
  if (status < 300) return 100
  if (status === 401) return 997
  if (status === 404) return isMissingThing ? 404 : 998
  return status >= 500 ? 996 : status
}

function toXml(ocs: Record<string, OcsData>): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<ocs>${inside(ocs)}</ocs>\n`
}

/** Lists become `element`s, true 1 and false nothing, as the protocol's own servers write them. */
function inside(data: OcsData): string {
  if (data === null || data === false) return ''
  if (data === true) return '1'
  if (typeof data !== 'object') return escapeText(`${data}`)
  if (isList(data)) return data.map((item) => `<element>${inside(item)}</element>`).join('')
  return Object.entries(data)
    .map(([key, value]) => `<${key}>${inside(value)}</${key}>`)
    .join('')
}

function isList(data: object): data is readonly OcsData[] {
  return Array.isArray(data)
}
