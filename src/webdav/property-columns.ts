import { escapeAttribute } from '../platform/xml.ts'
import type { DeadProperty } from '../store/types.ts'
import { liveProperties } from './live-properties.ts'
import type { LiveProperty, PropertySource } from './live-property.ts'
import type { PropfindQuery } from './propfind-body.ts'
import { PREFIXES, type PropertyName, propertyKey } from './wire.ts'

/** One property of an answer, its tags made once for all entries. */
interface Column {
  key: string
  start: string
  end: string
  empty: string
  live: LiveProperty | undefined
}

/** How each resource of an answer is rendered, and what has to be fetched for that. */
export interface PropertyPlan {
  needsDeadProperties: boolean
  needsQuota: boolean
  needsLocks: boolean
  needsScope: boolean
  needsShares: boolean
  needsSync: boolean
  /** The `propstat` elements of one resource. */
  render(source: PropertySource): string
}

const OK = '<d:status>HTTP/1.1 200 OK</d:status></d:propstat>'
const NOT_FOUND = '<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>'
const EMPTY = `<d:propstat><d:prop/>${OK}`

/** `isMinimal`: leave out what was not found (`Prefer: return=minimal`, RFC 8144). */
export function planProperties(query: PropfindQuery, isMinimal: boolean): PropertyPlan {
  if (query.kind === 'prop') return planNamed(query.names.map(toColumn), isMinimal)
  const lives = [...liveProperties.values()].filter((live) => query.kind === 'propname' || live.isInAllprop)
  const columns = lives.map(toColumn)
  const known = new Set(columns.map((column) => column.key))
  const included = query.kind === 'allprop' ? query.include.map(toColumn) : []
  const extra = included.filter((column) => !known.has(column.key))
  return planAll([...columns, ...extra], query.kind === 'propname')
}

function planNamed(columns: Column[], isMinimal: boolean): PropertyPlan {
  return {
    ...needsOf(columns),
    needsDeadProperties: columns.some((column) => column.live === undefined),
    render(source) {
      const dead = deadByKey(source.entry.properties)
      let found = ''
      let missing = ''
      for (const column of columns) {
        const value = column.live === undefined ? dead?.get(column.key)?.xml : column.live.render(source)
        if (value === undefined) missing += column.empty
        else found += withValue(column, value)
      }
      return propstats(found, isMinimal ? '' : missing)
    },
  }
}

function planAll(columns: Column[], namesOnly: boolean): PropertyPlan {
  // Names alone need no values, so nothing has to be fetched for them.
  const needs = namesOnly ? needsOf([]) : needsOf(columns)
  return {
    ...needs,
    needsDeadProperties: true,
    render(source) {
      let found = ''
      for (const column of columns) {
        const value = column.live?.render(source)
        if (value !== undefined) found += namesOnly ? column.empty : withValue(column, value)
      }
      for (const dead of source.entry.properties ?? []) {
        const column = toColumn(dead)
        found += namesOnly ? column.empty : withValue(column, dead.xml)
      }
      return propstats(found, '')
    },
  }
}

function needsOf(columns: readonly Column[]): Omit<PropertyPlan, 'render' | 'needsDeadProperties'> {
  const needs = (what: LiveProperty['needs']) => columns.some((column) => column.live?.needs === what)
  return {
    needsQuota: needs('quota'),
    needsLocks: needs('locks'),
    needsScope: needs('scope'),
    needsShares: needs('shares'),
    needsSync: needs('sync'),
  }
}

function propstats(found: string, missing: string): string {
  if (found === '' && missing === '') return EMPTY
  const ok = found === '' ? '' : `<d:propstat><d:prop>${found}</d:prop>${OK}`
  return missing === '' ? ok : `${ok}<d:propstat><d:prop>${missing}</d:prop>${NOT_FOUND}`
}

function withValue(column: Column, value: string): string {
  return value === '' ? column.empty : column.start + value + column.end
}

function deadByKey(properties: readonly DeadProperty[] | undefined): Map<string, DeadProperty> | undefined {
  if (properties === undefined || properties.length === 0) return undefined
  return new Map(properties.map((dead) => [propertyKey(dead.namespace, dead.name), dead]))
}

function toColumn({ namespace, name }: PropertyName): Column {
  const key = propertyKey(namespace, name)
  const { tag, declaration } = tagOf({ namespace, name })
  return {
    key,
    start: `<${tag}${declaration}>`,
    end: `</${tag}>`,
    empty: `<${tag}${declaration}/>`,
    live: liveProperties.get(key),
  }
}

/** How a property's element is written inside a multistatus. */
export function tagOf({ namespace, name }: PropertyName): { tag: string; declaration: string } {
  const prefix = PREFIXES.get(namespace)
  if (prefix !== undefined) return { tag: `${prefix}:${name}`, declaration: '' }
  if (namespace === '') return { tag: name, declaration: '' }
  return { tag: `x:${name}`, declaration: ` xmlns:x="${escapeAttribute(namespace)}"` }
}
