import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { OutboundError } from './outbound-error.ts'

export type Resolve = (hostname: string) => Promise<string[]>

/** Resolves by the configured names first, then by the system. */
export function configuredResolver(hosts: Record<string, string>): Resolve {
  return async (hostname) => {
    const name = hostname.toLowerCase()
    const mapped = Object.hasOwn(hosts, name) ? hosts[name] : undefined
    if (mapped !== undefined) return [mapped]
    const found = await systemLookup(hostname, { all: true })
    return found.map((answer) => answer.address)
  }
}

/** True for an address on the public internet, or in one of the listed networks. */
export function isAddressAllowed(address: string, allow: readonly string[]): boolean {
  const parsed = ipaddr.process(address)
  if (parsed.range() === 'unicast' && isGlobal(parsed)) return true
  return allow.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network)
    return base.kind() === parsed.kind() && parsed.match(base, bits)
  })
}

/** Of IPv6 only 2000::/3 is in use on the internet; `::7f00:1` and its like are other names of IPv4. */
function isGlobal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.kind() === 'ipv4' || address.match(ipaddr.IPv6.parse('2000::'), 3)
}

/** The addresses of a name, all of them allowed. Throws `OutboundError` when one is not, or there is none. */
export async function resolveAllowed(
  hostname: string,
  resolve: Resolve,
  allow: readonly string[],
): Promise<string[]> {
  const addresses = await resolve(hostname)
  const refused = addresses.find((address) => !isAddressAllowed(address, allow))
  if (refused !== undefined) throw OutboundError.addressRefused(hostname, refused)
  if (addresses.length === 0) throw OutboundError.noSuchHost(hostname)
  return addresses
}

/** Throws `OutboundError` for what is no URL, carries credentials, or is not https. */
export function parseUrl(text: string, insecureHttp: boolean): URL {
  const url = URL.parse(text)
  if (url === null) throw OutboundError.badUrl('The address is not a URL.')
  if (url.protocol !== 'https:' && !(insecureHttp && url.protocol === 'http:')) {
    throw OutboundError.badUrl(
      `${url.protocol}//${url.host} is not https; plain http needs network.insecureHttp.`,
    )
  }
  if (url.username !== '' || url.password !== '')
    throw OutboundError.badUrl('A URL must not carry credentials.')
  return url
}

/** Literal addresses never pass through `lookup`, so they are judged here. */
export function checkLiteralAddress(url: URL, allow: readonly string[]): void {
  const host = bareHost(url)
  if (isIP(host) !== 0 && !isAddressAllowed(host, allow)) throw OutboundError.addressRefused(url.host, host)
}

/** The host without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}
