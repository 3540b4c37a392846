import ipaddr from 'ipaddr.js'

/**
 * The name under which a client address is counted: who has one address of version 6 has a whole /64 of
 * them. What is no address stays as it is.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.')
}
