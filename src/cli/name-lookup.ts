import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent } from 'undici'

/** Names below `localhost` are this machine (RFC 6761 6.3); not every system knows that. */
const lookup: LookupFunction = (hostname, options, done) => {
  systemLookup(/\.localhost\.?$/i.test(hostname) ? 'localhost' : hostname, options, done)
}

/** For everything that is asked over HTTP. */
export const dispatcher = new Agent({ connect: { lookup } })

/** The same for who waits no longer than `timeoutMs` for a connection. */
export function createDispatcher(timeoutMs: number): Agent {
  return new Agent({ connect: { lookup, timeout: timeoutMs } })
}
