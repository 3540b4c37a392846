import type { StorePath } from '../store/index.ts'

/**
 * The place inside a share or link that an address below its own means: a shared file is reached at the address
 * of the share and, as OpenCloud and oCIS ask for it, below that under its name.
 */
export function placeInShare(shared: { isFile: boolean; name: string }, names: StorePath): StorePath {
  return shared.isFile && names.length === 1 && names[0] === shared.name ? [] : names
}
