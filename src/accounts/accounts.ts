import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction, isUniqueViolation } from '../platform/db.ts'
import { BadRequestError, ConflictError, ForbiddenError, NotFoundError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import { AppPasswordsRepo } from './app-passwords-repo.ts'
import { formatAppPassword } from './credentials.ts'
import { PasswordHasher } from './password-hasher.ts'
import { removeSessionsOf } from './sessions-repo.ts'
import { SignInThrottle } from './sign-in-throttle.ts'
import type { AppPassword, NewUser, User, UserDirectory } from './types.ts'
import { changeUser } from './user-admin-repo.ts'
import { isUserName } from './user-name.ts'
import { UsersRepo } from './users-repo.ts'

const MIN_PASSWORD_LENGTH = 8

/** People and their passwords. */
export class Accounts implements UserDirectory {
  private readonly users: UsersRepo
  private readonly appPasswords: AppPasswordsRepo
  private readonly clock: Clock
  private readonly events: EventBus | undefined
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
    this.appPasswords = new AppPasswordsRepo(deps.db)
    this.clock = deps.clock
    this.events = deps.events
    this.hasher = deps.hasher ?? new PasswordHasher()
  }

  /** Throws `BadRequestError` for a bad name or a short password, `ConflictError` for a name in use. */
  async addUser(input: NewUser): Promise<User> {
    checkName(input.name)
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
      throw new ForbiddenError('The current password is wrong.', { code: 'WRONG_PASSWORD' })
    }
    wasRight()
    checkPassword(next)
    const passwordHash = await this.hasher.hash(next)
    await inTransaction(this.db, async (tx) => {
      await new UsersRepo(tx).setPasswordHash(userId, passwordHash)
      await removeSessionsOf(tx, userId, from.sessionId)
    })
  }

  /** The answer's `password` exists only here; what is stored is its hash. */
  async createAppPassword(userId: string, label: string): Promise<AppPassword & { password: string }> {
    const secret = newSecret(24)
    const appPassword = { id: newId(), userId, label, createdAtMs: this.clock.nowMs() }
    await this.appPasswords.insert(appPassword, sha256Hex(secret))
    this.events?.publish('appPassword', { userId, id: appPassword.id, label })
    return { ...appPassword, password: formatAppPassword(appPassword.id, secret) }
  }

  listAppPasswords(userId: string): Promise<AppPassword[]> {
    return this.appPasswords.listOf(userId)
  }

  /** The program that used it is out at its next request. */
  async revokeAppPassword(userId: string, id: string): Promise<void> {
    if (!(await this.appPasswords.remove(userId, id)))
      throw new NotFoundError('There is no such app password.')
  }
}

function checkName(name: string): void {
  if (isUserName(name)) return
  throw new BadRequestError(
    'A user name has 1 to 64 of a-z, 0-9, dot, dash and underscore, and starts with a letter or a digit.',
    {
      code: 'INVALID_USER_NAME',
      fields: [{ field: 'name', message: 'has a character that is not allowed' }],
    },
  )
}

/** Throws `BadRequestError` for one that is too short. */
export function checkPassword(password: string): void {
  if (password.length >= MIN_PASSWORD_LENGTH) return
  throw new BadRequestError(`A password needs at least ${MIN_PASSWORD_LENGTH} characters.`, {
    code: 'PASSWORD_TOO_SHORT',
    fields: [{ field: 'password', message: 'is too short' }],
  })
}
