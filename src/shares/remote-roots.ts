import type { Clock } from '../platform/clock.ts'
import { AppError, messageOf, UnavailableError } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import type { Entry } from '../store/types.ts'
import { davEntryId } from '../store/webdav-client/dav-entry.ts'
import { SHARE_GONE } from './remote-errors.ts'
import type { ReceivedShare, RootFacts } from './types.ts'
import { rightsOf } from './types.ts'

/** How long what a peer said about a root is good enough for the listing of a drive. */
const FRESH_MS = 5_000
/** A peer that did not answer is not asked again for this long. */
const AWAY_MS = 30_000
/** How long the listing of a drive waits for one share's server. */
const PATIENCE_MS = 3_000
const MAX_REMEMBERED = 10_000

export interface RemoteRootsDeps {
  clock: Clock
  log: Logger
  /** Whether the share's server let us in. */
  settle?(share: ReceivedShare, isGone: boolean): Promise<void>
  /** Keeps what was learned for the time after a restart. */
  save(shareId: string, facts: RootFacts): Promise<void>
}

type Ask = (signal: AbortSignal) => Promise<Entry>

interface Remembered {
  facts: RootFacts
  untilMs: number
}

/**
 * What the roots of remote shares look like in a drive. The listing of a drive must neither ask every
 * peer every time nor wait for one that is away: answers are kept for seconds, and in place of a missing
 * answer stands what was last known.
 */
export class RemoteRoots {
  private readonly deps: RemoteRootsDeps
  private readonly known = new Map<string, Remembered>()
  private readonly asking = new Map<string, Promise<RootFacts>>()

  constructor(deps: RemoteRootsDeps) {
    this.deps = deps
  }

  /** The root of the share; `ask` is called when the last answer is too old. */
  async entryOf(share: ReceivedShare, ask: Ask): Promise<Entry> {
    return toEntry(share, await this.factsOf(share, ask))
  }

  /** After a change through us, the next look asks again. */
  forget(shareId: string): void {
    this.known.delete(shareId)
  }

  private async factsOf(share: ReceivedShare, ask: Ask): Promise<RootFacts> {
    const known = this.known.get(share.id)
    if (known !== undefined && known.untilMs > this.deps.clock.nowMs()) return known.facts
    const running = this.asking.get(share.id) ?? this.learn(share, known?.facts, ask)
    this.asking.set(share.id, running)
    try {
      return await running
    } finally {
      this.asking.delete(share.id)
    }
  }

  private async learn(share: ReceivedShare, last: RootFacts | undefined, ask: Ask): Promise<RootFacts> {
    const before = last ?? share.rootFacts
    try {
      const facts = toFacts(share, await this.askInTime(share, ask))
      await this.deps.settle?.(share, false)
      this.remember(share.id, facts, FRESH_MS)
      if (JSON.stringify(facts) !== JSON.stringify(before)) await this.deps.save(share.id, facts)
      return facts
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === SHARE_GONE) await this.deps.settle?.(share, true)
      this.deps.log.info(
        { shareId: share.id, peer: share.peerHost, reason: messageOf(error) },
        'share root not seen',
      )
      const facts = before ?? assumed(share)
      this.remember(share.id, facts, AWAY_MS)
      return facts
    }
  }

  private async askInTime(share: ReceivedShare, ask: Ask): Promise<Entry> {
    const over = new AbortController()
    const late = async () => {
      await this.deps.clock.wait(PATIENCE_MS, over.signal)
      throw new UnavailableError(`${share.peerHost} did not answer in time.`)
    }
    try {
      return await Promise.race([ask(over.signal), late()])
    } finally {
      over.abort()
    }
  }

  private remember(shareId: string, facts: RootFacts, forMs: number): void {
    if (this.known.size >= MAX_REMEMBERED) this.known.clear()
    this.known.set(shareId, { facts, untilMs: this.deps.clock.nowMs() + forMs })
  }
}

function toFacts(share: ReceivedShare, entry: Entry): RootFacts {
  const { kind, sizeBytes, mtimeMs, etag, mediaType, checksums, rights } = entry
  const facts = { kind, sizeBytes, mtimeMs, etag, mediaType, checksums }
  return share.permissionsUnknown ? { ...facts, rights } : facts
}

/** Before the peer has ever answered there is only what the share's message said. */
function assumed(share: ReceivedShare): RootFacts {
  const mediaType = share.kind === 'folder' ? 'httpd/unix-directory' : 'application/octet-stream'
  return {
    kind: share.kind,
    sizeBytes: 0,
    mtimeMs: share.createdAtMs,
    etag: share.id,
    mediaType,
    checksums: {},
  }
}

function toEntry(share: ReceivedShare, facts: RootFacts): Entry {
  return {
    id: davEntryId(`share:${share.id}`, [], ''),
    name: '',
    ...facts,
    createdAtMs: share.createdAtMs,
    rights: facts.rights ?? rightsOf(share.role, share.mayReshare),
  }
}
