import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import type { Principal } from '../platform/principal.ts'
import { AppPasswordsRepo } from './app-passwords-repo.ts'
import { formatAppPassword } from './credentials.ts'
import { requireStillProven } from './still-proven.ts'
import type { AppPassword, NewAppPassword } from './types.ts'
import { UsersRepo } from './users-repo.ts'

export interface AppPasswordsDeps {
  db: Db
  clock: Clock
  events?: EventBus | undefined
}

type Draft = AppPassword & { secret: string }

/** Passwords of programs. A new one is told once; what is stored is its hash. */
export class AppPasswords {
  private readonly deps: AppPasswordsDeps

  constructor(deps: AppPasswordsDeps) {
    this.deps = deps
  }

  /**
   * Throws `UnauthenticatedError` when what the asker came with is not good any more, and `ForbiddenError` for
   * who is locked out.
   */
  async create(asker: Principal, label: string): Promise<NewAppPassword> {
    const draft = this.draft(asker.userId, label)
    await inTransaction(this.deps.db, async (tx) => {
      await requireStillProven(tx, asker)
      await new AppPasswordsRepo(tx).insert(draft, sha256Hex(draft.secret))
    })
    return this.tell(draft)
  }

  /**
   * One for a program that the user let in a while ago: `redeem` uses that up in the same transaction, and is
   * false when it does not count any more. Undefined then, and for who is locked out or gone.
   */
  async redeem(
    userId: string,
    label: string,
    redeem: (tx: Db) => Promise<boolean>,
  ): Promise<NewAppPassword | undefined> {
    const draft = this.draft(userId, label)
    const isMade = await inTransaction(this.deps.db, async (tx) => {
      const record = await new UsersRepo(tx).hold(userId)
      // Used up in any case: what a lock refused must not come true when that is over.
      if (!(await redeem(tx)) || record === undefined || record.isLocked) return false
      await new AppPasswordsRepo(tx).insert(draft, sha256Hex(draft.secret))
      return true
    })
    return isMade ? this.tell(draft) : undefined
  }

  listOf(userId: string): Promise<AppPassword[]> {
    return new AppPasswordsRepo(this.deps.db).listOf(userId)
  }

  /** Throws `NotFoundError` for one that is not the user's. */
  async revoke(userId: string, id: string): Promise<void> {
    if (!(await new AppPasswordsRepo(this.deps.db).remove(userId, id)))
      throw new NotFoundError('There is no such app password.')
  }

  private draft(userId: string, label: string): Draft {
    return { id: newId(), userId, label, createdAtMs: this.deps.clock.nowMs(), secret: newSecret(24) }
  }

  private tell({ secret, ...made }: Draft): NewAppPassword {
    const { id, userId, label } = made
    this.deps.events?.publish('appPassword', { userId, id, label })
    return { ...made, password: formatAppPassword(id, secret) }
  }
}
