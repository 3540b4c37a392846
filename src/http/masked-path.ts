/**
 * Addresses with a secret: the page where a person lets a program in, and public links, also when a mail
 * program has lengthened one.
 */
const SECRET = /(\/login\/v2\/flow\/).+|(\/s\/|\/public\.php\/dav\/files\/|\/dav\/public\/)[^/]{15,}/g

/**
 * The path of a request as it may stand in a log. Every spelling that leads to a secret counts: escaped
 * letters, doubled slashes. A path without a secret stays as it came.
 */
export function maskedPath(path: string): string {
  const plain = path.replaceAll(/%([2-7][0-9a-f])/gi, toCharacter).replaceAll(/\/(?:\.?\/)+/g, '/')
  const masked = plain.replaceAll(SECRET, '$1$2…')
  return masked === plain ? path : masked
}

/** Only ASCII, which is all that secrets and the words before them have; so nothing can be malformed. */
function toCharacter(_escaped: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16))
}
