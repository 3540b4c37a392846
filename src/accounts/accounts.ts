import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction, isUniqueViolation } from '../platform/db.ts'
import { ConflictError, ForbiddenError, NotFoundError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { newId } from '../platform/ids.ts'
import type { Principal } from '../platform/principal.ts'
import { AppPasswords } from './app-passwords.ts'
import { checkPassword } from './password.ts'
import { PasswordHasher } from './password-hasher.ts'
import { removeSessionsOf } from './sessions-repo.ts'
import { SignInThrottle } from './sign-in-throttle.ts'
import { holdOpenUser } from './still-proven.ts'
import type { AppPassword, NewAppPassword, NewUser, User, UserDirectory } from './types.ts'
import { changeUser } from './user-admin-repo.ts'
import { checkUserName, isUserName } from './user-name.ts'
import { UsersRepo } from './users-repo.ts'

/** People and their passwords. */
export class Accounts implements UserDirectory {
  private readonly users: UsersRepo
  private readonly appPasswords: AppPasswords
  private readonly clock: Clock
  private readonly hasher: PasswordHasher
  private readonly throttle: SignInThrottle
  private readonly db: Db

  constructor(deps: {
    db: Db
    clock: Clock
    hasher?: PasswordHasher
    throttle?: SignInThrottle
    events?: EventBus
  }) {
    this.db = deps.db
    this.throttle = deps.throttle ?? new SignInThrottle(deps.clock)
    this.users = new UsersRepo(deps.db)
    this.appPasswords = new AppPasswords(deps)
    this.clock = deps.clock
    this.hasher = deps.hasher ?? new PasswordHasher()
  }

  /** Throws `BadRequestError` for a bad name or a short password, `ConflictError` for a name in use. */
  async addUser(input: NewUser): Promise<User> {
    checkUserName(input.name)
    checkPassword(input.password)
    const user: User = {
      id: newId(),
      name: input.name,
      displayName: input.displayName ?? input.name,
      email: input.email ?? '',
      isAdmin: input.isAdmin ?? false,
      createdAtMs: this.clock.nowMs(),
    }
    try {
      await this.users.insert({ user, passwordHash: await this.hasher.hash(input.password) })
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConflictError(`There is already a user named ${user.name}.`)
      throw error
    }
    return user
  }

  async findUserByName(name: string): Promise<User | undefined> {
    return isUserName(name) ? (await this.users.findByName(name))?.user : undefined
  }

  async findUserById(id: string): Promise<User | undefined> {
    return (await this.users.findById(id))?.user
  }

  /** Everybody, by name. */
  listUsers(): Promise<User[]> {
    return this.users.list()
  }

  async getUser(id: string): Promise<User> {
    const user = await this.findUserById(id)
    if (user === undefined) throw new NotFoundError('This user does not exist any more.')
    return user
  }

  /** What a person says of themselves. */
  async changeProfile(
    userId: string,
    profile: { displayName?: string | undefined; email?: string | undefined },
  ): Promise<void> {
    await changeUser(this.db, userId, profile)
  }

  /**
   * Needs the present password; throws `ForbiddenError` when it is wrong, `TooManyRequestsError` after too many
   * wrong ones. All browsers are signed out but that of the session `sessionId`.
   */
  async changePassword(
    userId: string,
    current: string,
    next: string,
    from: { address?: string; sessionId?: string | undefined } = {},
  ): Promise<void> {
    const wasRight = this.throttle.take(userId, from.address ?? '')
    const record = await this.users.findById(userId)
    if (record === undefined || !(await this.hasher.verify(current, record.passwordHash))) {
      throw wrongPassword()
    }
    wasRight()
    checkPassword(next)
    const passwordHash = await this.hasher.hash(next)
    await inTransaction(this.db, async (tx) => {
      // An administrator who set another meanwhile did so to shut out whoever knows this one.
      if ((await holdOpenUser(tx, userId)).passwordHash !== record.passwordHash) throw wrongPassword()
      await new UsersRepo(tx).setPasswordHash(userId, passwordHash)
      await removeSessionsOf(tx, userId, from.sessionId)
    })
  }

  /** See `AppPasswords.create`. */
  createAppPassword(asker: Principal, label: string): Promise<NewAppPassword> {
    return this.appPasswords.create(asker, label)
  }

  /** See `AppPasswords.redeem`. */
  redeemAppPassword(
    userId: string,
    label: string,
    redeem: (tx: Db) => Promise<boolean>,
  ): Promise<NewAppPassword | undefined> {
    return this.appPasswords.redeem(userId, label, redeem)
  }

  listAppPasswords(userId: string): Promise<AppPassword[]> {
    return this.appPasswords.listOf(userId)
  }

  /** The program that used it is out at its next request. */
  revokeAppPassword(userId: string, id: string): Promise<void> {
    return this.appPasswords.revoke(userId, id)
  }
}

function wrongPassword(): ForbiddenError {
  return new ForbiddenError('The current password is wrong.', { code: 'WRONG_PASSWORD' })
}
