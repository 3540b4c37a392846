import { BadRequestError } from '../platform/errors.ts'
import { childElements, findChild, isNamed, parseXml, type XmlElement } from '../platform/xml.ts'
import { DAV, type PropertyName, propertyKey } from './wire.ts'

/** What a PROPFIND wants to know of each resource (RFC 4918 9.1). */
export type PropfindQuery =
  | { kind: 'prop'; names: PropertyName[] }
  | { kind: 'allprop'; include: PropertyName[] }
  | { kind: 'propname' }

/** Real clients ask for thirty; each name is answered for each entry of a listing. */
const MAX_NAMES = 500

/** What the npm client `webdav` expects of a request without a body, as sabre/dav answers it (RFC 4331). */
const QUOTA: PropertyName[] = ['quota-used-bytes', 'quota-available-bytes'].map((name) => ({
  namespace: DAV,
  name,
}))

/** Reads the body of a PROPFIND; none means `allprop`, with the quota. Unknown elements and stray text are skipped. */
export function parsePropfindBody(body: Uint8Array): PropfindQuery {
  if (body.length === 0) return { kind: 'allprop', include: QUOTA }
  const root = parseXml(body)
  if (!isNamed(root, DAV, 'propfind')) throw malformed('its root is not DAV:propfind')
  const prop = findChild(root, DAV, 'prop')
  // OpenCloud and oCIS write `<d:propfind xmlns:d='DAV:'><allprop/></d:propfind>`.
  const isAll = (findChild(root, DAV, 'allprop') ?? findChild(root, '', 'allprop')) !== undefined
  const isNames = findChild(root, DAV, 'propname') !== undefined
  if (Number(prop !== undefined) + Number(isAll) + Number(isNames) !== 1) {
    throw malformed('it needs exactly one of prop, allprop and propname')
  }
  if (prop !== undefined) return { kind: 'prop', names: namesIn(prop) }
  const include = findChild(root, DAV, 'include')
  return isNames
    ? { kind: 'propname' }
    : { kind: 'allprop', include: include === undefined ? [] : namesIn(include) }
}

/** The properties an element names, each once. */
export function namesIn(element: XmlElement): PropertyName[] {
  const names = new Map<string, PropertyName>()
  for (const { namespace, name } of childElements(element)) {
    names.set(propertyKey(namespace, name), { namespace, name })
  }
  if (names.size > MAX_NAMES) throw malformed(`it names more than ${MAX_NAMES} properties`)
  return [...names.values()]
}

function malformed(how: string): BadRequestError {
  return new BadRequestError(`The PROPFIND body is not one: ${how}.`, { code: 'INVALID_XML' })
}
