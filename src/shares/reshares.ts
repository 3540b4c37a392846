import type { StorePath } from '../store/types.ts'
import type { ShareContext } from './context.ts'
import { listShares } from './outgoing-shares.ts'
import { listPassedOn } from './reshares-repo.ts'
import { isLive } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** A share that somebody here made of what a user had given them, perhaps through several hands. */
export interface Reshare {
  share: OutgoingShare
  /** The share of the user at the beginning, and where in that it lies. */
  of: OutgoingShare
  inside: StorePath
}

/** Through more hands nothing is looked for. */
const MAX_HANDS = 16

/** What others of this node passed on of a user's own shares, those nearest to the user first. */
export async function listReshares(ctx: ShareContext, userId: string): Promise<Reshare[]> {
  const isOn = (share: OutgoingShare) => isLive(share, ctx.clock.nowMs())
  const own = (await listShares(ctx, userId)).filter(isOn)
  let hands = new Map(own.map((share) => [share.id, { of: share, inside: [] as StorePath }]))
  const all: Reshare[] = []
  for (let n = 0; n < MAX_HANDS && hands.size > 0; n++) {
    const next: typeof hands = new Map()
    for (const { share, upstreamId } of await listPassedOn(ctx.db, [...hands.keys()])) {
      const above = hands.get(upstreamId)
      if (above === undefined || !isOn(share)) continue
      const place = { of: above.of, inside: [...above.inside, ...(share.via?.path ?? [])] }
      all.push({ share, ...place })
      next.set(share.id, place)
    }
    hands = next
  }
  return all
}
