import type { Entry, StoreQuota } from '../store/types.ts'
import type { ShareTypes } from './mount.ts'
import type { PropertyName } from './wire.ts'

/** What the properties of one resource are made of. */
export interface PropertySource {
  entry: Entry
  /** True for the root of the tree: it can neither be moved nor removed. */
  isRoot: boolean
  /** True for everything that somebody else shared with the asker. */
  isReceived: boolean
  /** The inside of lockdiscovery; asked for only when a request wants it. */
  locksXml(): string
  /** Present when a request wants it. */
  quota?: StoreQuota
  /** Present when a request wants it and it is known. */
  shareTypes?: ShareTypes
  /** Of a folder of the same store, when a request wants it and there is a journal. */
  syncToken?: string
}

/** A property this server computes. */
export interface LiveProperty extends PropertyName {
  /** Part of an answer to `allprop`: those RFC 4918 defines. */
  isInAllprop: boolean
  needs?: 'quota' | 'locks' | 'scope' | 'shares' | 'sync'
  /** The inside of the element as XML, or undefined where the resource has no such property. */
  render(source: PropertySource): string | undefined
}
