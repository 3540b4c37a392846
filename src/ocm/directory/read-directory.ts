import { z } from 'zod'
import { findHost } from '../address.ts'
import { shownName } from '../foreign-text.ts'
import { DirectoryError } from './jws.ts'

const MAX_SERVERS = 10_000

/** A server that a directory names. */
export interface DirectoryServer {
  host: string
  url: string
  displayName: string
}

/** What a directory says, read. */
export interface DirectoryList {
  federation: string
  servers: DirectoryServer[]
  /** How many entries break the rules. */
  passedOver: number
}

const wire = z.looseObject({
  federation: shownName,
  servers: z.array(z.unknown()).max(MAX_SERVERS),
})

const wireServer = z.looseObject({ url: z.string().max(2_000), displayName: shownName })

/** Reads the payload of a directory (OCM 1.4 "Directory Service"). Throws `DirectoryError`. */
export function readDirectory(payload: unknown): DirectoryList {
  const read = wire.safeParse(payload).data
  if (read === undefined) throw new DirectoryError('It is not a list of servers.')
  const byHost = new Map<string, DirectoryServer>()
  for (const entry of read.servers) {
    const server = findServer(entry)
    if (server !== undefined && !byHost.has(server.host)) byHost.set(server.host, server)
  }
  const servers = [...byHost.values()]
  const passedOver = read.servers.length - servers.length
  if (servers.length === 0 && passedOver > 0)
    throw new DirectoryError('None of the servers that it lists has an address that can be read.')
  return { federation: read.federation, servers, passedOver }
}

/** An address is scheme, host and perhaps a port: no path, query, fragment, name or password. */
function findServer(entry: unknown): DirectoryServer | undefined {
  const read = wireServer.safeParse(entry).data
  const url = read === undefined ? null : URL.parse(read.url)
  if (read === undefined || url === null || !/^https?:\/\/[^/?#@\s]+\/?$/i.test(read.url)) return undefined
  const host = findHost(url.host)
  return host === undefined ? undefined : { host, url: url.origin, displayName: read.displayName || host }
}
