import type { Outbound } from '../../platform/outbound.ts'
import type { StorePath } from '../../store/types.ts'
import {
  DavClient,
  type DavCredentials,
  ENTRY_PROPERTIES,
  propfindBody,
} from '../../store/webdav-client/dav-client.ts'
import type { EndAbilities, TransferDestination, TransferSource } from '../endpoints.ts'
import { webErrors } from './web-errors.ts'
import { type WebKind, WebStore } from './web-store.ts'
import type { WebUrl } from './web-url.ts'

const ENTRY_BODY = propfindBody(`${ENTRY_PROPERTIES}<dc:Checksums/><lcg:sumtype/><lcg:sumvalue/>`)

/** What opens a server that a user named. */
export interface WebAccess {
  kind: WebKind
  /** Shown in place of a host where a person gave the place a name. */
  endpointName?: string | undefined
  /** The `Authorization` header, when there is something to show. */
  authorization?: string | undefined
  /** It is of the operator, and not of who orders: no other server may be shown it. */
  isOfOperator?: boolean
  abilities?: EndAbilities | undefined
}

/** The end of a transfer at a URL; `path` is inside of its store. */
export interface WebEnd {
  store: WebStore
  path: StorePath
  remote: NonNullable<TransferSource['remote']> & NonNullable<TransferDestination['remote']>
  abilities: EndAbilities
}

/** Opens what lies at and below `root`; nothing is asked of the server yet. */
export function openWeb(outbound: Outbound, root: WebUrl, path: StorePath, access: WebAccess): WebEnd {
  const { authorization, endpointName, isOfOperator, kind, abilities = {} } = access
  const dav = new DavClient({
    host: root.host,
    rootUrl: root.href,
    outbound,
    credentials: shown(authorization),
    errors: webErrors(endpointName),
    followsRedirects: true,
    entryBody: ENTRY_BODY,
  })
  const store = new WebStore({ dav, kind, origin: root.origin, segments: root.segments ?? [root.href] })
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization }
  const remote = {
    label: root.host,
    urlOf: (inside: StorePath) => dav.urlOf(inside),
    credentials: { headers: async () => ({ ...headers }), mayBeHandedOn: isOfOperator !== true },
  }
  return { store, path, remote, abilities }
}

/** One thing, shown with every request; when it is refused there is nothing else. */
function shown(authorization: string | undefined): DavCredentials {
  return {
    get: async () => (authorization === undefined ? {} : { header: authorization }),
    next: async () => undefined,
    worked: async () => undefined,
    // Before something is written the destination is looked at, which tells whether this opens it.
    isProven: () => true,
  }
}
