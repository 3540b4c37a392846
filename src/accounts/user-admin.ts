import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import type { PageAsk } from '../platform/paging.ts'
import type { Principal } from '../platform/principal.ts'
import type { Accounts } from './accounts.ts'
import { checkPassword } from './password.ts'
import type { PasswordHasher } from './password-hasher.ts'
import type { Group, ManagedUser, NewUser, User } from './types.ts'
import {
  changeUser,
  deleteUser,
  endSignIns,
  findManagedUser,
  pageUsers,
  searchGroups,
  searchUsers,
  type UserChange,
} from './user-admin-repo.ts'

export interface UserAdminDeps {
  db: Db
  clock: Clock
  accounts: Pick<Accounts, 'addUser'>
  hasher: PasswordHasher
  /** Ends what others see of somebody, before the account goes: shares, transfers, memberships. */
  leave(user: User): Promise<void>
}

export interface ManagedChange extends Omit<UserChange, 'lockedAtMs' | 'passwordHash'> {
  locked?: boolean | undefined
  /** Whoever is signed in is out. */
  password?: string | undefined
}

/** What administrators do to accounts, and what people may look up of each other. */
export class UserAdmin {
  private readonly deps: UserAdminDeps

  constructor(deps: UserAdminDeps) {
    this.deps = deps
  }

  list(ask: PageAsk, search?: string): Promise<ManagedUser[]> {
    return pageUsers(this.deps.db, ask, search)
  }

  /** Throws `NotFoundError`. */
  async get(name: string): Promise<ManagedUser> {
    const user = await findManagedUser(this.deps.db, name)
    if (user === undefined) throw new NotFoundError(`There is no user named ${name}.`)
    return user
  }

  /** Throws `BadRequestError` for a bad name or a short password, `ConflictError` for a name in use. */
  async add(user: NewUser, quotaBytes?: number): Promise<ManagedUser> {
    const added = await this.deps.accounts.addUser(user)
    if (quotaBytes === undefined) return added
    await changeUser(this.deps.db, added.id, { quotaBytes })
    return { ...added, quotaBytes }
  }

  /**
   * Who is locked out is signed in nowhere any more and gets in by nothing; what they share goes on. Throws
   * `ConflictError` for administrators who would shut themselves out.
   */
  async change(asker: Principal, name: string, change: ManagedChange): Promise<ManagedUser> {
    const { locked, password, ...rest } = change
    const user = await this.get(name)
    if (user.id === asker.userId && (locked === true || change.isAdmin === false)) throw ownAccount()
    if (password !== undefined) checkPassword(password)
    const passwordHash = password === undefined ? undefined : await this.deps.hasher.hash(password)
    const lockedAtMs =
      locked === undefined ? undefined : locked ? (user.lockedAtMs ?? this.deps.clock.nowMs()) : null
    await inTransaction(this.deps.db, async (tx) => {
      await changeUser(tx, user.id, { ...rest, lockedAtMs, passwordHash })
      if (locked === true || password !== undefined) await endSignIns(tx, user.id)
    })
    return this.get(name)
  }

  /** The account with what it shared and received. Its files stay on the disk. */
  async remove(asker: Principal, name: string): Promise<void> {
    const user = await this.get(name)
    if (user.id === asker.userId) throw ownAccount()
    await inTransaction(this.deps.db, async (tx) => {
      await changeUser(tx, user.id, { lockedAtMs: user.lockedAtMs ?? this.deps.clock.nowMs() })
      await endSignIns(tx, user.id)
    })
    await this.deps.leave(user)
    await deleteUser(this.deps.db, user.id)
  }

  /** Whose name, or a word of it, begins so. */
  searchUsers(prefix: string, limit: number): Promise<User[]> {
    return searchUsers(this.deps.db, prefix, limit)
  }

  searchGroups(prefix: string, limit: number): Promise<Group[]> {
    return searchGroups(this.deps.db, prefix, limit)
  }
}

function ownAccount(): ConflictError {
  return new ConflictError('That is your own account; another administrator can do this.', {
    code: 'OWN_ACCOUNT',
  })
}
