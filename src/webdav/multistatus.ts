import { escapeText } from '../platform/xml.ts'
import type { Entry, StoreQuota } from '../store/types.ts'
import { type LockMap, type LockPlace, renderLocks } from './active-locks.ts'
import type { ShareTypes } from './mount.ts'
import type { PropertyPlan } from './property-columns.ts'
import { NAMESPACE_DECLARATIONS, XML_PROLOGUE } from './wire.ts'

/** A part of a listing whose resources lie in one store; a mounted share begins a region of its own. */
export interface Region {
  place: LockPlace | undefined
  locks: LockMap
  isReceived: boolean
}

/** One resource of an answer. */
export interface ListedResource {
  entry: Entry
  href: string
  /** Below the root of its region. */
  below: readonly string[]
  isRoot: boolean
  region: Region
  /** Of a folder of the same store, at the time of asking. */
  syncToken?: string
}

export interface MultistatusInput {
  resources: Iterable<ListedResource>
  plan: PropertyPlan
  quota?: StoreQuota | undefined
  shareTypes?: ShareTypes | undefined
  nowMs: number
  /** What follows the resources. */
  tail?: string
}

/** Large enough that few writes carry a long listing, small enough that memory stays flat. */
const CHUNK_CHARACTERS = 64 * 1024

/** The document in pieces, made as the client takes them. */
export function* multistatus(input: MultistatusInput): Generator<string> {
  let chunk = `${XML_PROLOGUE}<d:multistatus ${NAMESPACE_DECLARATIONS}>`
  for (const resource of input.resources) {
    chunk += renderResource(resource, input)
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk
      chunk = ''
    }
  }
  yield `${chunk}${input.tail ?? ''}</d:multistatus>\n`
}

function renderResource(
  resource: ListedResource,
  { plan, quota, shareTypes, nowMs }: MultistatusInput,
): string {
  const { entry, isRoot, region, syncToken } = resource
  const properties = plan.render({
    entry,
    isRoot,
    isReceived: region.isReceived || entry.mount !== undefined,
    locksXml: () => locksOf(resource, nowMs),
    ...(quota === undefined ? {} : { quota }),
    ...(shareTypes === undefined ? {} : { shareTypes }),
    ...(syncToken === undefined ? {} : { syncToken }),
  })
  return `<d:response><d:href>${escapeText(resource.href)}</d:href>${properties}</d:response>`
}

function locksOf({ region, below }: ListedResource, nowMs: number): string {
  if (region.place === undefined) return ''
  return renderLocks(region.locks.covering([...region.place.resource.path, ...below]), region.place, nowMs)
}
