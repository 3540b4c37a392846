/**
 * What `substr(column, 1, ?) = ?` takes to find texts that begin with `prefix`. Not LIKE, because names may hold its
 * wildcards. Both engines count characters, a string of JavaScript units of UTF-16: two for an emoji.
 */
export function prefixBindings(prefix: string): [characters: number, prefix: string] {
  return [[...prefix].length, prefix]
}
