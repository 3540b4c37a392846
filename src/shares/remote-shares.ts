import { NotFoundError } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound.ts'
import { type Entry, type FileStore, RightsStore } from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { saveRootFacts } from './received-repo.ts'
import { RemoteDav } from './remote-dav.ts'
import { shareGone } from './remote-errors.ts'
import { toRootUrl } from './remote-hrefs.ts'
import { RemoteRoots } from './remote-roots.ts'
import { RemoteShareStore } from './remote-store.ts'
import { type ReceivedShare, rightsOf } from './types.ts'

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

  constructor(ctx: ShareContext, outbound: Outbound) {
    this.ctx = ctx
    this.outbound = outbound
    const { clock, log, db } = ctx
    this.roots = new RemoteRoots({ clock, log, save: (shareId, facts) => saveRootFacts(db, shareId, facts) })
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
      store: new RightsStore(remote, rights),
      dav,
      rootEntry: () => this.roots.entryOf(share, (signal) => remote.statRoot(signal)),
    }
  }

  /** The root of a share of this node that leads on to another server: from memory where that one is away. */
  rootEntry(share: ReceivedShare, ask: () => Promise<Entry>): Promise<Entry> {
    return this.roots.entryOf(share, ask)
  }

  private davOf(share: ReceivedShare): RemoteDav {
    const { peerHost: host, webdavUri = '', secretSealed } = share
    return new RemoteDav({
      host,
      // An address that is none fails when it is used: one bad share must not take the drive with it.
      rootUrl: toRootUrl(webdavUri) ?? '',
      outbound: this.outbound,
      secret: () => {
        if (secretSealed === undefined) throw shareGone(host)
        return this.ctx.seal.open(secretSealed)
      },
    })
  }
}

/** The error for a share the user has not accepted, or no longer has. */
export function notInDrive(): NotFoundError {
  return new NotFoundError(
    'There is no such share in your drive; accept it first, or look whether it was withdrawn.',
  )
}
