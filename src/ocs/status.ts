import type { OcsSite } from './types.ts'
import { FULL_VERSION, VERSION_STRING } from './versions.ts'

/** `/status.php`: the first thing a desktop client asks; it looks for `installed` and compares the version. */
export function statusDocument({ name }: OcsSite) {
  return {
    installed: true,
    maintenance: false,
    needsDbUpgrade: false,
    version: FULL_VERSION,
    versionstring: VERSION_STRING,
    edition: '',
    productname: name,
    extendedSupport: false,
  }
}
