import { formatAddress } from '../ocm/address.ts'
import type { ShareMarks } from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { listReceivedShares } from './received-shares.ts'
import { countGiven } from './share-marks-repo.ts'

/** What listings of drives tell of shares. */
export function createShareMarks(ctx: ShareContext): ShareMarks {
  return {
    async givenOf(userId, fileIds) {
      const counts = await countGiven(ctx.db, { userId, fileIds, nowMs: ctx.clock.nowMs() })
      return new Map(counts.map(({ fileId, people, links }) => [fileId, { given: people, link: links > 0 }]))
    },
    async receivedOf(userId, shareIds) {
      if (shareIds.length === 0) return new Map()
      const wanted = new Set(shareIds)
      const shares = await listReceivedShares(ctx, userId, 'accepted')
      const marks = shares
        .filter(({ id }) => wanted.has(id))
        .map(({ id, owner, goneAtMs }) => {
          const { displayName } = owner
          return [
            id,
            { owner: { address: formatAddress(owner), displayName }, isGone: goneAtMs !== undefined },
          ] as const
        })
      return new Map(marks)
    },
  }
}
