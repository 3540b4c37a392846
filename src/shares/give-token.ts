import type { AccessToken } from '../ocm/types.ts'
import { newSecret, sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { TOKEN_PREFIX } from './find-by-secret.ts'
import { findOutgoingBySecret } from './outgoing-repo.ts'
import { isLive } from './share-states.ts'
import { deleteExpiredTokens, insertShareToken } from './share-tokens-repo.ts'

const PURGE_EVERY_MS = 60_000

/**
 * Gives access tokens for the secrets of shares, to the server of the recipient only (OCM 1.4 "Code Flow").
 * Undefined for a secret that opens nothing, or is another server's. Several tokens of one share are good at
 * a time: Reva asks for one at every access.
 */
export function createTokenGiver(
  ctx: ShareContext,
): (code: string, clientHost: string) => Promise<AccessToken | undefined> {
  let purgedAtMs = 0
  return async (code, clientHost) => {
    const nowMs = ctx.clock.nowMs()
    const share = await findOutgoingBySecret(ctx.db, sha256Hex(code))
    if (share === undefined || !isLive(share, nowMs)) return undefined
    const { type, host } = share.recipient
    if (type !== 'remote' || host !== clientHost) return undefined
    if (nowMs - purgedAtMs >= PURGE_EVERY_MS) {
      purgedAtMs = nowMs
      await deleteExpiredTokens(ctx.db, nowMs)
    }
    const accessToken = TOKEN_PREFIX + newSecret(32)
    const expiresAtMs = nowMs + ctx.config.tokenSeconds * 1_000
    await insertShareToken(ctx.db, {
      tokenHash: sha256Hex(accessToken),
      shareId: share.id,
      createdAtMs: nowMs,
      expiresAtMs,
    })
    return { accessToken, expiresInSeconds: ctx.config.tokenSeconds }
  }
}
