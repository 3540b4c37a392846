import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { UnauthenticatedError } from '../platform/errors.ts'
import { equalSecrets, sha256Hex } from '../platform/ids.ts'
import type { Principal } from '../platform/principal.ts'
import { AppPasswordsRepo } from './app-passwords-repo.ts'
import { parseAppPassword, parseAuthorization } from './credentials.ts'
import { isPasswordHash, passwordMark } from './password.ts'
import { PasswordHasher } from './password-hasher.ts'
import { ProvenCache } from './proven-cache.ts'
import { accountLocked, wrongCredentials } from './refusals.ts'
import { SignInThrottle } from './sign-in-throttle.ts'
import { isUserName } from './user-name.ts'
import { type UserRecord, UsersRepo } from './users-repo.ts'

/** `last_used_at` is written at most this often, so that a busy client costs no write per request. */
const TOUCH_INTERVAL_MS = 60_000

/** Where a password came from; asked only when it has to be checked. */
export type AddressOf = () => string

export interface AuthenticatorDeps {
  db: Db
  clock: Clock
  hasher?: PasswordHasher
  throttle?: SignInThrottle
}

/** Finds out who is behind an `Authorization` header: a password, or an app password as Basic or Bearer. */
export class Authenticator {
  private readonly users: UsersRepo
  private readonly appPasswords: AppPasswordsRepo
  private readonly clock: Clock
  private readonly hasher: PasswordHasher
  private readonly throttle: SignInThrottle
  private readonly proven = new ProvenCache()
  /** A program that goes on with an old password guesses nothing: the same wrong one counts once. */
  private readonly disproven = new ProvenCache()
  private decoyHash: Promise<string> | undefined

  constructor(deps: AuthenticatorDeps) {
    this.users = new UsersRepo(deps.db)
    this.appPasswords = new AppPasswordsRepo(deps.db)
    this.clock = deps.clock
    this.hasher = deps.hasher ?? new PasswordHasher()
    this.throttle = deps.throttle ?? new SignInThrottle(deps.clock)
  }

  /**
   * Throws `UnauthenticatedError`, with the same words whatever was wrong, and `TooManyRequestsError` after too
   * many wrong passwords.
   */
  async authenticate(header: string | undefined, addressOf: AddressOf = nowhere): Promise<Principal> {
    const credentials = parseAuthorization(header)
    if (credentials === undefined) {
      throw new UnauthenticatedError('Sign in with a user name and a password, or with an app password.')
    }
    const principal =
      credentials.scheme === 'bearer'
        ? await this.byAppPassword(credentials.token)
        : await this.byNameAndPassword(credentials.name, credentials.password, addressOf)
    if (principal === undefined) throw wrongCredentials()
    return principal
  }

  /** The same for a name and a password typed into a form. */
  async signIn(name: string, password: string, addressOf: AddressOf = nowhere): Promise<Principal> {
    const principal = await this.byNameAndPassword(name, password, addressOf)
    if (principal === undefined) throw wrongCredentials()
    return principal
  }

  private async byNameAndPassword(
    name: string,
    password: string,
    addressOf: AddressOf,
  ): Promise<Principal | undefined> {
    if (parseAppPassword(password) !== undefined) {
      const principal = await this.byAppPassword(password)
      return principal?.userName === name ? principal : undefined
    }
    const record = isUserName(name) ? await this.users.findByName(name) : undefined
    // Who has no password here, but an identity provider, costs the time of a wrong one as well.
    const hash = isPasswordHash(record?.passwordHash) ? record.passwordHash : await this.decoy()
    if (this.proven.has(password, hash)) return record && toPrincipal(record, 'password')
    const guess = `${name}\0${password}`
    if (this.disproven.has(guess, hash)) return undefined
    const wasRight = this.throttle.take(record?.user.id ?? `no ${name.slice(0, 64)}`, addressOf())
    // An unknown name costs the same time as a wrong password, so that names cannot be probed.
    const isRight = (await this.hasher.verify(password, hash)) && isPasswordHash(record?.passwordHash)
    if (!isRight || record === undefined) {
      this.disproven.add(guess, hash)
      return undefined
    }
    wasRight()
    this.proven.add(password, hash)
    return toPrincipal(record, 'password')
  }

  private async byAppPassword(text: string): Promise<Principal | undefined> {
    const parts = parseAppPassword(text)
    const found = parts === undefined ? undefined : await this.appPasswords.find(parts.id)
    if (parts === undefined || found === undefined) return undefined
    if (!equalSecrets(sha256Hex(parts.secret), found.secretHash)) return undefined
    const record = await this.users.findById(found.password.userId)
    const nowMs = this.clock.nowMs()
    if (nowMs - (found.password.lastUsedAtMs ?? 0) > TOUCH_INTERVAL_MS)
      await this.appPasswords.touch(parts.id, nowMs)
    if (record === undefined) return undefined
    return { ...toPrincipal(record, 'app-password'), appPasswordId: parts.id }
  }

  private decoy(): Promise<string> {
    this.decoyHash ??= this.hasher.hash('nobody has this password').catch((error: unknown) => {
      this.decoyHash = undefined
      throw error
    })
    return this.decoyHash
  }
}

function nowhere(): string {
  return ''
}

/** Throws `ForbiddenError` for who was locked out; told only to whom the password is known. */
function toPrincipal(
  { user, isLocked, passwordHash }: UserRecord,
  via: 'password' | 'app-password',
): Principal {
  if (isLocked) throw accountLocked()
  const who = { userId: user.id, userName: user.name, isAdmin: user.isAdmin, via }
  return via === 'password' ? { ...who, passwordMark: passwordMark(passwordHash) } : who
}
