import { parseHttpDate, parseIsoTime } from '../platform/http-date.ts'
import type { PropertyChange } from '../store/types.ts'
import { DAV, MICROSOFT, propertyKey } from './wire.ts'

/**
 * Properties by which clients set the time of a file after they wrote it: the standard one, that of rclone and
 * Nextcloud's clients (seconds since 1970), and that of Windows.
 */
const TIME_PROPERTIES = new Set([
  propertyKey(DAV, 'getlastmodified'),
  propertyKey(DAV, 'lastmodified'),
  propertyKey(MICROSOFT, 'Win32LastModifiedTime'),
])

const MAX_MS = 253_402_300_799_000 // the end of the year 9999

/** The time that a PROPPATCH gives to a file, in milliseconds; the last word counts (RFC 4918 9.2). */
export function timeToSet(changes: readonly PropertyChange[]): number | undefined {
  const times = changes.map((change) => timeIn(change)).filter((timeMs) => timeMs !== undefined)
  return times.at(-1)
}

function timeIn({ namespace, name, xml }: PropertyChange): number | undefined {
  if (xml === undefined || !TIME_PROPERTIES.has(propertyKey(namespace, name))) return undefined
  const text = xml.trim()
  const timeMs = /^\d{1,12}(\.\d{1,9})?$/.test(text)
    ? Math.floor(Number(text) * 1_000)
    : (parseHttpDate(text) ?? parseIsoTime(text))
  return timeMs !== undefined && timeMs >= 0 && timeMs <= MAX_MS ? timeMs : undefined
}
