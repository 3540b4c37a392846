import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

/**
 * The address of the client: of the connection or, when that is a trusted proxy, the last address in
 * `X-Forwarded-For` that is not a trusted proxy itself. Anybody else's header is ignored.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: readonly string[]): string {
  const direct = request.socket.remoteAddress ?? ''
  if (request.headers['x-forwarded-for'] === undefined) return direct
  const forwarded = String(request.headers['x-forwarded-for'])
  const chain = [...forwarded.split(',').map((part) => part.trim()), direct].filter((part) => part !== '')
  let client = direct
  for (const address of chain.reverse()) {
    client = address
    if (!isTrusted(address, trustedProxies)) break
  }
  return client
}

/** True when the connection itself comes from a trusted proxy. */
export function isFromProxy({ socket }: IncomingMessage, trustedProxies: readonly string[]): boolean {
  return isTrusted(socket.remoteAddress ?? '', trustedProxies)
}

function isTrusted(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network)
    return base.kind() === parsed.kind() && parsed.match(base, bits)
  })
}
