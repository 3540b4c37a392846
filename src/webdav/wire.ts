/** Namespaces of the properties we speak. */
export const DAV = 'DAV:'
export const OC = 'http://owncloud.org/ns'
export const OCS = 'http://open-collaboration-services.org/ns'
export const OCM = 'http://open-cloud-mesh.org/ns'
/** Nextcloud's own. */
export const NC = 'http://nextcloud.org/ns'
export const MICROSOFT = 'urn:schemas-microsoft-com:'
export const DCACHE = 'http://www.dcache.org/2013/webdav'

/** Prefixes that every multistatus declares on its root. */
export const PREFIXES: ReadonlyMap<string, string> = new Map([
  [DAV, 'd'],
  [OC, 'oc'],
  [OCS, 'ocs'],
  [OCM, 'ocm'],
  [NC, 'nc'],
  [DCACHE, 'dc'],
])

export const NAMESPACE_DECLARATIONS = [...PREFIXES]
  .map(([namespace, prefix]) => `xmlns:${prefix}="${namespace}"`)
  .join(' ')

export const XML_PROLOGUE = '<?xml version="1.0" encoding="utf-8"?>\n'
/** The desktop clients refuse a multistatus of any other type. */
export const XML_TYPE = 'application/xml; charset=utf-8'

/** The compliance classes of RFC 4918 18: 1 everything, 2 locks, 3 this revision. */
export const DAV_CLASSES = '1, 2, 3'

const COMMON = 'OPTIONS, GET, HEAD, DELETE, PROPFIND, PROPPATCH, COPY, MOVE, LOCK, UNLOCK'

/** The `Allow` header by what stands at the address. */
export const ALLOW = {
  file: `${COMMON}, PUT`,
  folder: `${COMMON}, REPORT`,
  nothing: 'OPTIONS, PUT, MKCOL, LOCK',
  any: `${COMMON}, REPORT, PUT, MKCOL`,
} as const

/** The name of a property. */
export interface PropertyName {
  namespace: string
  name: string
}

/** A property's name as one text (Clark notation), for maps. */
export function propertyKey(namespace: string, name: string): string {
  return `{${namespace}}${name}`
}
