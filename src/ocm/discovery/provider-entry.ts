import { normaliseHost } from '../address.ts'
import { ownEndPoint } from './own-document.ts'

/** What the entry says of this node. */
export interface ProviderFacts {
  publicUrl: string
  /** Name of the site, as people see it. */
  name: string
  /** Of the institution; the name unless given. */
  fullName?: string
  description?: string
}

/** A member of `ocmproviders.json`, as the authorizer of oCIS, OpenCloud and Reva reads it. */
export interface ProviderEntry {
  name: string
  full_name: string
  organization: string
  domain: string
  homepage: string
  description: string
  services: ProviderService[]
}

interface ProviderService {
  endpoint: {
    type: { name: 'OCM' | 'Webdav'; description: string }
    name: string
    path: string
    is_monitored: boolean
  }
  api_version: string
  host: string
}

/**
 * The entry that the operators of an oCIS, OpenCloud or Reva put into their `ocmproviders.json`: these
 * servers do no discovery, and talk only to whom that file names. The host of the OCM service needs its
 * port and no scheme, or their check of the host name fails; `domain` is one they also take as a pattern.
 */
export function providerEntry(facts: ProviderFacts): ProviderEntry {
  const { publicUrl, name, fullName = name, description = '' } = facts
  const { hostname, port, protocol, origin } = new URL(publicUrl)
  const hostAndPort = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
  return {
    name,
    full_name: fullName,
    organization: fullName,
    domain: normaliseHost(publicUrl),
    homepage: publicUrl,
    description,
    services: [
      service('OCM', `${name} - OCM API`, { path: `${ownEndPoint(publicUrl)}/`, host: hostAndPort }),
      service('Webdav', `${name} - WebDAV`, { path: `${publicUrl}/dav/`, host: `${origin}/` }),
    ],
  }
}

function service(
  type: 'OCM' | 'Webdav',
  name: string,
  { path, host }: { path: string; host: string },
): ProviderService {
  return {
    endpoint: { type: { name: type, description: name }, name, path, is_monitored: true },
    api_version: '0.0.1',
    host,
  }
}
