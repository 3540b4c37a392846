import { NotFoundError } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound.ts'
import { type Entry, type FileStore, type Rights, RightsStore } from '../store/index.ts'
import { toRootUrl } from '../store/webdav-client/hrefs.ts'
import type { ShareContext } from './context.ts'
import { learnRights } from './learn-rights.ts'
import { findReceivedGrant, saveAccess, saveRootFacts, setGone } from './received-repo.ts'
import { RemoteCredentials } from './remote-credentials.ts'
import { RemoteDav } from './remote-dav.ts'
import { SHARE_GONE } from './remote-errors.ts'
import { RemoteRoots } from './remote-roots.ts'
import { RemoteShareStore } from './remote-store.ts'
import { publishReceived } from './share-events.ts'
import { stateAt } from './share-states.ts'
import { type AccessForm, type ReceivedShare, rightsOf } from './types.ts'
import { GoneWatch } from './watched-stores.ts'

const MAX_REMEMBERED = 10_000

/** A remote share ready for use. */
export interface OpenRemoteShare {
  /** The share with the rights of its role. */
  store: FileStore
  dav: RemoteDav
  /** The root for a drive's listing: from memory where the other server is slow or away. */
  rootEntry(): Promise<Entry>
}

/** Opens the shares of other servers; one instance for the node, which remembers what their roots look like. */
export class RemoteShares {
  private readonly ctx: ShareContext
  private readonly outbound: Outbound
  private readonly roots: RemoteRoots
  /** What was last written down of whether shares are closed to us. */
  private readonly gone = new Map<string, boolean>()
  private readonly credentials: RemoteCredentials

  constructor(ctx: ShareContext, outbound: Outbound) {
    this.ctx = ctx
    this.outbound = outbound
    const { clock, log, db, seal, ocm, isDenied } = ctx
    const save = (shareId: string, access: AccessForm) => saveAccess(db, shareId, access)
    const heardFrom = (host: string) => ctx.messages.heardFrom(host)
    this.credentials = new RemoteCredentials({ clock, seal, ocm, save, isDenied, heardFrom })
    this.roots = new RemoteRoots({
      ...{ clock, log },
      save: async (shareId, facts) => {
        await saveRootFacts(db, shareId, facts)
        if (facts.rights !== undefined) await learnRights(ctx, shareId, facts.rights)
      },
      settle: (share, isGone) => this.settle(share, isGone),
    })
    ctx.events.subscribe('shareRoot', ({ shareId }) => this.roots.forget(shareId))
  }

  /** Nothing is asked of the other server yet. */
  open(share: ReceivedShare): OpenRemoteShare {
    const dav = this.davOf(share)
    const rights = rightsOf(share.role, share.mayReshare)
    const remote = new RemoteShareStore({
      shareId: share.id,
      rights,
      dav,
      onChange: () => {
        this.roots.forget(share.id)
        this.ctx.events.tellOthers('shareRoot', { shareId: share.id })
      },
    })
    return {
      store: new RightsStore(new GoneWatch(remote, (isGone) => this.settle(share, isGone)), () =>
        this.rightsNow(share.id),
      ),
      dav,
      rootEntry: () => this.roots.entryOf(share, (signal) => remote.statRoot(signal)),
    }
  }

  /** The other server may not know who has left: a member of a group opens its share with the same secret. */
  private async rightsNow(shareId: string): Promise<Rights> {
    const now = await findReceivedGrant(this.ctx.db, shareId)
    if (now === undefined || stateAt(now, this.ctx.clock.nowMs()) !== 'accepted') throw notInDrive(SHARE_GONE)
    return rightsOf(now.role, now.mayReshare)
  }

  /** The root of a share of this node that leads on to another server: from memory where that one is away. */
  rootEntry(share: ReceivedShare, ask: () => Promise<Entry>): Promise<Entry> {
    return this.roots.entryOf(share, ask)
  }

  /** Nobody may have told us that a share ended; whoever lists the drive is shown that it is closed. */
  private async settle(share: ReceivedShare, isGone: boolean): Promise<void> {
    const known = this.gone.get(share.id) ?? share.goneAtMs !== undefined
    if (isGone === known) return
    if (this.gone.size >= MAX_REMEMBERED) this.gone.clear()
    this.gone.set(share.id, isGone)
    await setGone(this.ctx.db, share.id, isGone ? this.ctx.clock.nowMs() : undefined)
    publishReceived(this.ctx, share)
  }

  private davOf(share: ReceivedShare): RemoteDav {
    const { peerHost: host, webdavUri = '' } = share
    return new RemoteDav({
      host,
      // An address that is none fails when it is used: one bad share must not take the drive with it.
      rootUrl: toRootUrl(webdavUri) ?? '',
      outbound: this.outbound,
      credentials: this.credentials.of(share),
    })
  }
}

/** The error for a share the user has not accepted, or no longer has. */
export function notInDrive(code = 'NOT_FOUND'): NotFoundError {
  return new NotFoundError(
    'There is no such share in your drive; accept it first, or look whether it was withdrawn.',
    { code },
  )
}
