import { BadRequestError } from '../platform/errors.ts'
import { childElements, findChild, isNamed, parseXml } from '../platform/xml.ts'
import { serializeInside } from '../platform/xml-serialize.ts'
import type { PropertyChange } from '../store/types.ts'
import { liveProperties } from './live-properties.ts'
import { DAV, propertyKey } from './wire.ts'

/** The changes of a PROPPATCH in document order, in which they count (RFC 4918 9.2). */
export function parsePropertyUpdate(body: Uint8Array): PropertyChange[] {
  if (body.length === 0) throw malformed('there is none')
  const root = parseXml(body)
  if (!isNamed(root, DAV, 'propertyupdate')) throw malformed('its root is not DAV:propertyupdate')
  const changes = childElements(root).flatMap((instruction) => {
    const isSet = isNamed(instruction, DAV, 'set')
    if (!isSet && !isNamed(instruction, DAV, 'remove')) return []
    const prop = findChild(instruction, DAV, 'prop')
    if (prop === undefined) throw malformed('a set or remove lacks its prop')
    return childElements(prop).map((property): PropertyChange => {
      const { namespace, name } = property
      return isSet ? { namespace, name, xml: serializeInside(property) } : { namespace, name }
    })
  })
  if (changes.length === 0) throw malformed('it changes nothing')
  return changes
}

function malformed(how: string): BadRequestError {
  return new BadRequestError(`The PROPPATCH body is not one: ${how}.`, { code: 'INVALID_XML' })
}

export type PatchVerdict = 'store' | 'ignore' | 'protected'

/**
 * Who keeps a property. The times of a file are set, not kept (`timeToSet`); a text that is no time is accepted
 * and ignored, and so is what a folder or a share's server cannot keep: clients that set times after an upload
 * would else report a failed upload.
 */
export function judgeChange({ namespace, name }: PropertyChange): PatchVerdict {
  if (namespace === DAV && (name === 'getlastmodified' || name === 'lastmodified')) return 'ignore'
  if (namespace === DAV && name === 'getcontentlanguage') return 'store'
  return liveProperties.has(propertyKey(namespace, name)) ? 'protected' : 'store'
}
