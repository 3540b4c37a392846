import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { UnauthenticatedError } from '../platform/errors.ts'
import { equalSecrets, sha256Hex } from '../platform/ids.ts'
import type { Principal } from '../platform/principal.ts'
import { AppPasswordsRepo } from './app-passwords-repo.ts'
import { parseAppPassword, parseAuthorization } from './credentials.ts'
import { PasswordHasher } from './password-hasher.ts'
import { ProvenCache } from './proven-cache.ts'
import type { User } from './types.ts'
import { isUserName } from './user-name.ts'
import { UsersRepo } from './users-repo.ts'

/** `last_used_at` is written at most this often, so that a busy client costs no write per request. */
const TOUCH_INTERVAL_MS = 60_000

/** Finds out who is behind an `Authorization` header: a password, or an app password as Basic or Bearer. */
export class Authenticator {
  private readonly users: UsersRepo
  private readonly appPasswords: AppPasswordsRepo
  private readonly clock: Clock
  private readonly hasher: PasswordHasher
  private readonly proven = new ProvenCache()
  private decoyHash: Promise<string> | undefined

  constructor(deps: { db: Db; clock: Clock; hasher?: PasswordHasher }) {
    this.users = new UsersRepo(deps.db)
    this.appPasswords = new AppPasswordsRepo(deps.db)
    this.clock = deps.clock
    this.hasher = deps.hasher ?? new PasswordHasher()
  }

  /** Throws `UnauthenticatedError`, with the same words whatever was wrong. */
  async authenticate(header: string | undefined): Promise<Principal> {
    const credentials = parseAuthorization(header)
    if (credentials === undefined) {
      throw new UnauthenticatedError('Sign in with a user name and a password, or with an app password.')
    }
    const principal =
      credentials.scheme === 'bearer'
        ? await this.byAppPassword(credentials.token)
        : await this.byNameAndPassword(credentials.name, credentials.password)
    if (principal === undefined) throw wrongCredentials()
    return principal
  }

  /** The same for a name and a password typed into a form. */
  async signIn(name: string, password: string): Promise<Principal> {
    const principal = await this.byNameAndPassword(name, password)
    if (principal === undefined) throw wrongCredentials()
    return principal
  }

  private async byNameAndPassword(name: string, password: string): Promise<Principal | undefined> {
    if (parseAppPassword(password) !== undefined) {
      const principal = await this.byAppPassword(password)
      return principal?.userName === name ? principal : undefined
    }
    const record = isUserName(name) ? await this.users.findByName(name) : undefined
    const hash = record?.passwordHash ?? (await this.decoy())
    if (!this.proven.has(password, hash)) {
      // An unknown name costs the same time as a wrong password, so that names cannot be probed.
      if (!(await this.hasher.verify(password, hash)) || record === undefined) return undefined
      this.proven.add(password, hash)
    }
    return record === undefined ? undefined : toPrincipal(record.user, 'password')
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
    return { ...toPrincipal(record.user, 'app-password'), appPasswordId: parts.id }
  }

  private decoy(): Promise<string> {
    this.decoyHash ??= this.hasher.hash('nobody has this password').catch((error: unknown) => {
      this.decoyHash = undefined
      throw error
    })
    return this.decoyHash
  }
}

function wrongCredentials(): UnauthenticatedError {
  return new UnauthenticatedError('The user name or the password is wrong.')
}

function toPrincipal(user: User, via: Principal['via']): Principal {
  return { userId: user.id, userName: user.name, isAdmin: user.isAdmin, via }
}
