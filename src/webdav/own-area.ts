import { NotFoundError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import type { StorePath } from '../store/types.ts'
import type { DavOpenRequest } from './mount.ts'

/** An area of each user in both places where clients look for it: `/dav/<area>/`, also below `/remote.php`. */
export function areaPrefixes(area: string): string[] {
  return [`/dav/${area}/`, `/remote.php/dav/${area}/`]
}

/**
 * Lets a user into the own part of an area, which the first name of the address says; the rest is the path
 * in it. Throws `NotFoundError` with `refusal` for another's: what is not one's own is not there.
 */
export async function enterOwn(
  { segments: [owner, ...path], authenticate }: DavOpenRequest,
  refusal: string,
): Promise<{ principal: Principal; path: StorePath }> {
  const principal = await authenticate()
  if (owner !== principal.userName && owner !== principal.userId) throw new NotFoundError(refusal)
  return { principal, path }
}
