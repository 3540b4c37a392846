import { sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { givesAccess } from './gives-access.ts'
import { findOutgoing, findOutgoingBySecret } from './outgoing-repo.ts'
import { findShareOfToken } from './share-tokens-repo.ts'
import type { OutgoingShare } from './types.ts'

/** What our access tokens begin with; by it they are told from the secrets of shares. */
export const TOKEN_PREFIX = 'cwat_'

/**
 * The live share that a secret or an access token opens. Looked up by its hash, so the time it takes says
 * nothing of secrets that are nearly right. A share that demands tokens is not opened by its secret.
 */
export async function findBySecret(ctx: ShareContext, secret: string): Promise<OutgoingShare | undefined> {
  const share = secret.startsWith(TOKEN_PREFIX)
    ? await findByToken(ctx, secret)
    : await findByRawSecret(ctx, secret)
  return share !== undefined && (await givesAccess(ctx, share)) ? share : undefined
}

async function findByToken(ctx: ShareContext, token: string): Promise<OutgoingShare | undefined> {
  const id = await findShareOfToken(ctx.db, sha256Hex(token), ctx.clock.nowMs())
  return id === undefined ? undefined : findOutgoing(ctx.db, id)
}

async function findByRawSecret(ctx: ShareContext, secret: string): Promise<OutgoingShare | undefined> {
  const share = await findOutgoingBySecret(ctx.db, sha256Hex(secret))
  return share?.mustExchange ? undefined : share
}
