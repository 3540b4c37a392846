import { lookup as systemLookup } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { Agent } from 'undici'

/** Names below `localhost` are this machine (RFC 6761 6.3); not every system knows that. */
const lookup: LookupFunction = (hostname, options, done) => {
  systemLookup(/\.localhost\.?$/i.test(hostname) ? 'localhost' : hostname, options, done)
}

/** For the WebDAV client, which uses the HTTP of Node. */
export const agents = {
  httpAgent: new HttpAgent({ keepAlive: true, lookup }),
  httpsAgent: new HttpsAgent({ keepAlive: true, lookup }),
}

/** For `fetch` of undici. */
export const dispatcher = new Agent({ connect: { lookup } })
