import { once } from 'node:events'
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PathProxy {
  port: number
  /** Where the node listens on loopback; until then the proxy answers 502. */
  upstreamPort: number
  close(): Promise<void>
}

/** What is at the top of a host whatever the path of the node (OCM 1.4 "API Discovery"). */
const DISCOVERY = /^\/(\.well-known\/ocm|ocm-provider\/?)$/

/**
 * What nginx does with `location /cloud/ { proxy_pass http://127.0.0.1:PORT/; }`: the address loses the path,
 * Host becomes the upstream's, headers such as Destination stay as they are. What is neither below the path
 * nor discovery is not there. `path` without a slash at its end, empty for a proxy that changes no address.
 */
export async function startPathProxy(path: string, host = '127.0.0.1'): Promise<PathProxy> {
  const server = createServer((incoming, outgoing) => pass(proxy, path, incoming, outgoing))
  server.listen(0, host)
  await once(server, 'listening')
  const proxy: PathProxy = {
    port: (server.address() as AddressInfo).port,
    upstreamPort: 0,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

function pass(proxy: PathProxy, path: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { upstreamPort: port } = proxy
  const url = incoming.url ?? '/'
  const isBelow = url.startsWith(`${path}/`)
  if (!isBelow && !DISCOVERY.test(url)) return void outgoing.writeHead(404).end('No such page at this host.')
  const passed = forward(
    {
      ...{ host: '127.0.0.1', port, method: incoming.method ?? 'GET' },
      path: isBelow ? url.slice(path.length) : url,
      headers: { ...incoming.headers, host: `127.0.0.1:${port}`, connection: 'close' },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    },
  )
  passed.on('error', () => outgoing.writeHead(502).end())
  incoming.pipe(passed)
}
