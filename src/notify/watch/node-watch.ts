import { type Clock, isoTime } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import type { Notifications } from '../notifications/notifications.ts'
import type { News, NoticeFacts } from '../notifications/types.ts'
import { type DriveUse, listFullDrives } from './drive-use-repo.ts'
import type { NodeFacts, PeerHealth } from './types.ts'
import { type WatchState, WatchStatesRepo } from './watch-states-repo.ts'

const HIGH_PERCENT = 90
/** Below, a drive may be told of again. */
const CALM_PERCENT = 85
const DISK_PERCENT = 5
/** That much more than the limit has to be free before the disk may be told of again. */
const DISK_CALM = 1.1
const AWAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Within an hour, one for each round at most: one is nothing yet. */
const SIGNATURE_FAILURES = 3

type WatchKind = 'quota.high' | 'admin.disk-low' | 'admin.peer-unreachable' | 'admin.signatures'

export interface NodeWatchDeps {
  db: Db
  clock: Clock
  log: Logger
  notifications: Pick<Notifications, 'tellOnce' | 'takeBack'>
  facts: NodeFacts
  /** As configured; undefined: a part of the disk. */
  diskLowBytes: number | undefined
}

/**
 * Looks now and again at what fills up or stays away, and tells of it once while it lasts. What was told lies in
 * the database: a new start tells nothing again, and of several workers one tells.
 */
export class NodeWatch {
  private readonly deps: NodeWatchDeps
  private readonly states: WatchStatesRepo

  constructor(deps: NodeWatchDeps) {
    this.deps = deps
    this.states = new WatchStatesRepo(deps.db)
  }

  /** One round; a part that fails is logged and holds up none of the others. */
  async look(): Promise<void> {
    for (const part of [() => this.lookAtDrives(), () => this.lookAtDisk(), () => this.lookAtPeers()]) {
      await part().catch((err: unknown) => this.deps.log.error({ err }, 'looking after the node failed'))
    }
  }

  private async lookAtDrives(): Promise<void> {
    const full = await listFullDrives(this.deps.db, CALM_PERCENT, this.deps.facts.quotaBytes)
    const told = await this.states.list('quota.high')
    for (const drive of full) {
      if (isHigh(drive) && told.get(drive.spaceId)?.isTold !== true) await this.tellOfDrive(drive)
    }
    const stillFull = new Set(full.map(({ spaceId }) => spaceId))
    await this.endAll('quota.high', told, stillFull)
  }

  private async tellOfDrive({ spaceId, userId, usedBytes, limitBytes }: DriveUse): Promise<void> {
    await this.states.save('quota.high', this.begun(spaceId))
    const facts = { usedBytes, limitBytes }
    await this.deps.notifications.tellOnce({ userId, kind: 'quota.high', subjectId: spaceId, facts })
    await this.states.setTold('quota.high', spaceId, this.deps.clock.nowMs())
  }

  private async lookAtDisk(): Promise<void> {
    const { facts, diskLowBytes } = this.deps
    const { freeBytes, totalBytes } = await facts.disk()
    const limitBytes = diskLowBytes ?? (totalBytes * DISK_PERCENT) / 100
    const told = await this.states.list('admin.disk-low')
    if (freeBytes < limitBytes && told.get('disk')?.isTold !== true) {
      await this.tellAdmins('admin.disk-low', this.begun('disk'), { freeBytes, totalBytes })
    }
    await this.endAll('admin.disk-low', told, new Set(freeBytes < limitBytes * DISK_CALM ? ['disk'] : []))
  }

  private async lookAtPeers(): Promise<void> {
    const peers = await this.deps.facts.listPeers()
    const away = await this.states.list('admin.peer-unreachable')
    const doubted = await this.states.list('admin.signatures')
    const stillAway = new Set<string>()
    const stillDoubted = new Set<string>()
    for (const peer of peers) {
      if (await this.lookIfAway(peer, away.get(peer.host))) stillAway.add(peer.host)
      if (await this.lookAtSignatures(peer, doubted.get(peer.host))) stillDoubted.add(peer.host)
    }
    await this.endAll('admin.peer-unreachable', away, stillAway)
    await this.endAll('admin.signatures', doubted, stillDoubted)
  }

  /** Told when tries have failed over a day; who is not tried is not missed. */
  private async lookIfAway(peer: PeerHealth, known: WatchState | undefined): Promise<boolean> {
    const failure = failureNow(peer, 'away')
    if (failure === undefined) return false
    const state = seen(known, peer.host, failure.atMs)
    await this.keep('admin.peer-unreachable', known, state)
    if (!state.isTold && state.lastMs - state.sinceMs >= AWAY_MS) {
      const since = `${isoTime(peer.succeededAtMs ?? state.sinceMs)
        .slice(0, 16)
        .replace('T', ' ')} UTC`
      const facts = { host: peer.host, since, error: failure.text }
      await this.tellAdmins('admin.peer-unreachable', state, facts)
    }
    return true
  }

  /**
   * Told when a server refused ours several times within an hour, seen once in a round at most, or when it signs
   * with a key that nobody has accepted.
   */
  private async lookAtSignatures(peer: PeerHealth, known: WatchState | undefined): Promise<boolean> {
    const failure = failureNow(peer, 'signature')
    if (failure === undefined && !peer.hasHeldKey) return false
    const atMs = failure?.atMs ?? known?.lastMs ?? this.deps.clock.nowMs()
    const isOld = known !== undefined && !known.isTold && atMs - known.sinceMs > HOUR_MS
    const state = seen(isOld ? undefined : known, peer.host, atMs)
    await this.keep('admin.signatures', known, state)
    if (!state.isTold && (peer.hasHeldKey || state.times >= SIGNATURE_FAILURES)) {
      const error = peer.hasHeldKey
        ? 'It signs with a new key that nobody has accepted; its messages are refused.'
        : (failure?.text ?? '')
      await this.tellAdmins('admin.signatures', state, { host: peer.host, error })
    }
    return true
  }

  private async keep(kind: WatchKind, known: WatchState | undefined, state: WatchState): Promise<void> {
    const isSame = known?.lastMs === state.lastMs && known.sinceMs === state.sinceMs
    if (!isSame) await this.states.save(kind, state)
  }

  private async tellAdmins<K extends Exclude<WatchKind, 'quota.high'>>(
    kind: K,
    state: WatchState,
    facts: NoticeFacts[K],
  ): Promise<void> {
    const { notifications, clock } = this.deps
    await this.states.save(kind, state)
    for (const userId of await this.deps.facts.listAdmins()) {
      await notifications.tellOnce({ userId, kind, subjectId: state.subjectId, facts } as News)
    }
    await this.states.setTold(kind, state.subjectId, clock.nowMs())
  }

  private async endAll(
    kind: WatchKind,
    states: ReadonlyMap<string, WatchState>,
    lasting: ReadonlySet<string>,
  ): Promise<void> {
    for (const subjectId of states.keys()) {
      if (lasting.has(subjectId)) continue
      await this.deps.notifications.takeBack(kind, subjectId)
      await this.states.remove(kind, subjectId)
    }
  }

  private begun(subjectId: string): WatchState {
    const nowMs = this.deps.clock.nowMs()
    return { subjectId, sinceMs: nowMs, lastMs: nowMs, times: 1, isTold: false }
  }
}

function isHigh({ usedBytes, limitBytes }: DriveUse): boolean {
  return usedBytes * 100 >= limitBytes * HIGH_PERCENT
}

/** The last failure, when nothing went well since. */
function failureNow({ lastFailure, succeededAtMs = 0 }: PeerHealth, reason: 'away' | 'signature') {
  return lastFailure?.reason === reason && lastFailure.atMs > succeededAtMs ? lastFailure : undefined
}

/** A failure that was seen before counts once. */
function seen(known: WatchState | undefined, subjectId: string, atMs: number): WatchState {
  if (known === undefined) return { subjectId, sinceMs: atMs, lastMs: atMs, times: 1, isTold: false }
  return atMs === known.lastMs ? known : { ...known, lastMs: atMs, times: known.times + 1 }
}
