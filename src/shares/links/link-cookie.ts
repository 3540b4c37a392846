import { equalSecrets, sha256Hex } from '../../platform/ids.ts'
import type { ShareContext } from '../context.ts'
import type { PublicLink } from './types.ts'

const VISIT_MS = 4 * 3_600_000

/** Says that the password of this link was right, for a while; nobody but this node can write it. */
export function sealVisitCookie(ctx: Pick<ShareContext, 'seal' | 'clock'>, link: PublicLink): string {
  return ctx.seal.seal(JSON.stringify([...factsOf(link), ctx.clock.nowMs() + VISIT_MS]))
}

/** True for a cookie of this link that is neither too old nor from before a change of the password. */
export function openVisitCookie(
  ctx: Pick<ShareContext, 'seal' | 'clock'>,
  link: PublicLink,
  cookie: string | undefined,
): boolean {
  if (cookie === undefined || cookie.length > 1_000) return false
  const [purpose, id, password, untilMs] = read(ctx, cookie)
  const isOfLink = equalSecrets(JSON.stringify([purpose, id, password]), JSON.stringify(factsOf(link)))
  return isOfLink && typeof untilMs === 'number' && untilMs > ctx.clock.nowMs()
}

function read({ seal }: Pick<ShareContext, 'seal'>, cookie: string): unknown[] {
  try {
    const value: unknown = JSON.parse(seal.open(cookie))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** Sealed values of other purposes must not pass for a visit. */
function factsOf({ share, passwordHash }: PublicLink): string[] {
  return ['link-visit', share.id, sha256Hex(passwordHash ?? '')]
}
