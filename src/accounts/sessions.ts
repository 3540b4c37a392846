import { createHmac } from 'node:crypto'
import type { SessionsConfig } from '../config/sign-in.ts'
import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { equalSecrets, newId, newSecret, sha256Hex } from '../platform/ids.ts'
import { browserLabel } from './browser-label.ts'
import type { NewSession, Session, SessionUser, SignInFacts } from './session-types.ts'
import { removeSessionsOf, SessionsRepo } from './sessions-repo.ts'
import { holdOpenUser, requireStillProven } from './still-proven.ts'
import { UsersRepo } from './users-repo.ts'

const DAY_MS = 86_400_000
/** A session in use is written at most this often. */
const TOUCH_INTERVAL_MS = 5 * 60_000
const SECRET_FORM = /^[A-Za-z0-9_-]{43}$/

export interface SessionsDeps {
  db: Db
  clock: Clock
  events: EventBus
  config: SessionsConfig
}

/** Who is signed in in which browser. The cookie holds a secret, the database its hash. */
export class Sessions {
  private readonly deps: SessionsDeps
  private readonly repo: SessionsRepo

  constructor(deps: SessionsDeps) {
    this.deps = deps
    this.repo = new SessionsRepo(deps.db)
  }

  /**
   * Begins one, always with a new secret; the one that this browser had before is over. Throws
   * `UnauthenticatedError` when the password was changed since it was typed, and `ForbiddenError` for who is
   * locked out.
   */
  async begin(facts: SignInFacts): Promise<NewSession> {
    const secret = newSecret()
    const session = await inTransaction(this.deps.db, async (tx) => {
      if (facts.via === 'password') await requireStillProven(tx, { ...facts, via: 'password' })
      else await holdOpenUser(tx, facts.userId)
      const repo = new SessionsRepo(tx)
      const begun = this.compose(facts, await this.endFormer(repo, facts))
      await repo.insert(begun, sha256Hex(secret), facts.providerHint)
      return begun
    })
    const { id: sessionId, userId, client, address, via } = session
    this.deps.events.publish('signIn', { userId, sessionId, client, address, via })
    return { session, secret }
  }

  /** Whose cookie this is; undefined when it opens nothing (any more). One query, and seldom a write. */
  async find(secret: string): Promise<SessionUser | undefined> {
    if (!SECRET_FORM.test(secret)) return undefined
    const found = await this.repo.findBySecretHash(sha256Hex(secret))
    const nowMs = this.deps.clock.nowMs()
    if (found === undefined || found.session.expiresAtMs <= nowMs) return undefined
    const { id, createdAtMs, lastSeenAtMs } = found.session
    if (nowMs - lastSeenAtMs > TOUCH_INTERVAL_MS) {
      const expiresAtMs = this.endOf(createdAtMs, nowMs)
      await this.repo.touch(id, { lastSeenAtMs: nowMs, expiresAtMs })
    }
    return found
  }

  /** The user's sessions, the last used first. */
  listOf(userId: string): Promise<Session[]> {
    return this.repo.listOf(userId, this.deps.clock.nowMs())
  }

  /** The browser is out at its next request. Throws `NotFoundError` for one that is not the user's. */
  async end(userId: string, id: string): Promise<void> {
    if (!(await this.repo.remove(userId, id))) throw new NotFoundError('There is no such session.')
  }

  /** All of a user, or all but one, and what was granted to programs that have not fetched it. */
  endAllOf(userId: string, exceptId?: string): Promise<void> {
    return inTransaction(this.deps.db, async (tx) => {
      await new UsersRepo(tx).hold(userId)
      await removeSessionsOf(tx, userId, exceptId)
    })
  }

  /** What its provider wants to see when it ends, as it was given to `begin`. */
  findProviderHint(id: string): Promise<string | undefined> {
    return this.repo.findProviderHint(id)
  }

  /** Removes those that are over. */
  sweep(): Promise<void> {
    return this.repo.removeExpired(this.deps.clock.nowMs())
  }

  private compose(facts: SignInFacts, formerProofMs: number): Session {
    const { userId, via, userAgent, address, authenticatedAtMs = 0 } = facts
    const nowMs = this.deps.clock.nowMs()
    // The time of a provider, whose clock may be ahead; what was proven in this browser stays so.
    const provenAtMs =
      via === 'password' ? nowMs : Math.max(Math.min(nowMs, authenticatedAtMs), formerProofMs)
    return {
      ...{ id: newId(), userId, via, provenAtMs, createdAtMs: nowMs, lastSeenAtMs: nowMs },
      ...{ expiresAtMs: this.endOf(nowMs, nowMs), client: browserLabel(userAgent), address },
    }
  }

  /** When the same user had proven themselves in the session that ends; 0 for another's, and for none. */
  private async endFormer(repo: SessionsRepo, { formerSecret, userId }: SignInFacts): Promise<number> {
    if (formerSecret === undefined || !SECRET_FORM.test(formerSecret)) return 0
    const former = await repo.findBySecretHash(sha256Hex(formerSecret))
    if (former === undefined) return 0
    const { session } = former
    await repo.remove(session.userId, session.id)
    const isTheirs = session.userId === userId && session.expiresAtMs > this.deps.clock.nowMs()
    return isTheirs ? session.provenAtMs : 0
  }

  private endOf(createdAtMs: number, seenAtMs: number): number {
    const { idleDays, maxDays } = this.deps.config
    return Math.round(Math.min(createdAtMs + maxDays * DAY_MS, seenAtMs + idleDays * DAY_MS))
  }
}

/** What a page of ours sends along to show that it is one: only who knows the cookie can compute it. */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('causeway csrf').digest('base64url')
}

/** In constant time. */
export function isCsrfTokenOf(secret: string, token: string): boolean {
  return equalSecrets(csrfTokenOf(secret), token)
}
