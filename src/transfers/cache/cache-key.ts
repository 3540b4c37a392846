import { join } from 'node:path'
import { sha256Hex } from '../../platform/ids.ts'
import { formatPath } from '../../store/paths.ts'
import type { TransferSource } from '../endpoints.ts'

export interface CacheKey {
  key: string
  /** For people: without a query, which may hold a signature. */
  url: string
}

/**
 * What a source is known by in the cache: its URL in one form, or for storage that only rclone speaks its
 * endpoint and path. Undefined for what lies here already.
 */
export async function findCacheKey({
  store,
  path,
  remote,
  rclone,
}: TransferSource): Promise<CacheKey | undefined> {
  if (remote !== undefined) return keyOf(canonical(remote.urlOf(path)))
  if (rclone === undefined) return undefined
  const place = await store.locate(path)
  return keyOf(`${place.scope}${formatPath(place.path)}`)
}

function keyOf(name: string): CacheKey {
  return { key: sha256Hex(name), url: name.replace(/\?.*$/s, '') }
}

/** Host in lower case, standard port left out, `%41` written as `A`; no fragment. */
function canonical(text: string): string {
  const url = new URL(text)
  url.hash = ''
  url.pathname = url.pathname.replace(/%([0-9a-f]{2})/gi, (code, hex: string) => {
    const letter = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9._~-]/.test(letter) ? letter : code.toUpperCase()
  })
  return url.href
}

/** Where the bytes of a key lie: as in ARC, two letters and the rest. */
export function cachedPathOf(folder: string, key: string): string {
  return join(folder, 'data', key.slice(0, 2), key.slice(2))
}
