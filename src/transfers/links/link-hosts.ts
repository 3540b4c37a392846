import type { ErrorLocation } from '../transfer-error.ts'

/** What lies on this node has no host of its own. */
export const HERE = 'here'

/** The two ends of a link `FROM>TO`. */
export function endsOf(link: string): { from: string; to: string } {
  const [from = HERE, to = HERE] = link.split('>')
  return { from, to }
}

/** The other hosts that a link needs. */
export function hostsOf(link: string): string[] {
  const { from, to } = endsOf(link)
  return [...new Set([from, to])].filter((host) => host !== HERE)
}

/** The host that a failure speaks of; undefined where it is nobody's or our own. */
export function hostAt(link: string, location: ErrorLocation): string | undefined {
  const { from, to } = endsOf(link)
  const host = location === 'ERROR_SOURCE' ? from : location === 'ERROR_DESTINATION' ? to : HERE
  return host === HERE ? undefined : host
}
