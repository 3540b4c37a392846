import type { AccessScope } from '../platform/access-scope.ts'
import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { ForbiddenError, UnauthenticatedError } from '../platform/errors.ts'
import { equalSecrets, newId, newSecret, sha256Hex } from '../platform/ids.ts'
import type { Principal } from '../platform/principal.ts'
import { AccessTokensRepo } from './access-tokens-repo.ts'
import { formatToken, parseAuthorization, parseToken } from './credentials.ts'
import { passwordMark } from './password.ts'
import { requireStillProven } from './still-proven.ts'
import type { IssuedToken } from './types.ts'
import { UsersRepo } from './users-repo.ts'

/** Rows of tokens that ran out are swept at most this often, when a new one is made. */
const SWEEP_MS = 60_000

/** Tokens of limited power and life, for programs that copy files between servers on somebody's behalf. */
export class AccessTokens {
  private readonly db: Db
  private readonly tokens: AccessTokensRepo
  private readonly users: UsersRepo
  private readonly clock: Clock
  private readonly maxSeconds: number
  private sweptAtMs = 0

  constructor(deps: { db: Db; clock: Clock; maxSeconds: number }) {
    this.db = deps.db
    this.tokens = new AccessTokensRepo(deps.db)
    this.users = new UsersRepo(deps.db)
    this.clock = deps.clock
    this.maxSeconds = deps.maxSeconds
  }

  /**
   * Makes a token for some of what its asker may do; it ends with the password it was asked with. Throws
   * `ForbiddenError` for somebody who came with such a token, `UnauthenticatedError` when what they came with is
   * not good any more.
   */
  async issue(asker: Principal, scope: AccessScope, seconds: number): Promise<IssuedToken> {
    if (asker.scope !== undefined) {
      throw new ForbiddenError('A token cannot make another; use an app password.')
    }
    const nowMs = this.clock.nowMs()
    const lifeSeconds = Math.max(1, Math.min(seconds, this.maxSeconds))
    const secret = newSecret(24)
    const id = newId()
    await this.sweep(nowMs)
    const { userId, appPasswordId } = asker
    await inTransaction(this.db, async (tx) => {
      const { passwordHash } = await requireStillProven(tx, asker)
      await new AccessTokensRepo(tx).insert({
        ...{ id, scope, userId, createdAtMs: nowMs, secretHash: sha256Hex(secret) },
        ...(appPasswordId === undefined ? { passwordMark: passwordMark(passwordHash) } : { appPasswordId }),
        expiresAtMs: nowMs + lifeSeconds * 1_000,
      })
    })
    return { token: formatToken(id, secret), lifeSeconds }
  }

  /** Who presents such a token; undefined for a header that holds none. Throws `UnauthenticatedError`. */
  async authenticate(header: string | undefined): Promise<Principal | undefined> {
    const credentials = parseAuthorization(header)
    const parts = credentials?.scheme === 'bearer' ? parseToken(credentials.token) : undefined
    if (parts === undefined) return undefined
    const found = await this.tokens.find(parts.id)
    if (found === undefined || !equalSecrets(sha256Hex(parts.secret), found.secretHash)) throw refused()
    const record = await this.users.findById(found.userId)
    if (record === undefined || record.isLocked) throw refused()
    const { passwordMark: mark } = found
    const isChanged = mark !== undefined && mark !== passwordMark(record.passwordHash)
    if (isChanged || found.expiresAtMs <= this.clock.nowMs()) throw refused()
    const { id: userId, name: userName } = record.user
    return { userId, userName, isAdmin: false, via: 'access-token', scope: found.scope }
  }

  private async sweep(nowMs: number): Promise<void> {
    if (nowMs - this.sweptAtMs < SWEEP_MS) return
    this.sweptAtMs = nowMs
    await this.tokens.removeExpired(nowMs)
  }
}

function refused(): UnauthenticatedError {
  return new UnauthenticatedError('The token is not valid, or not any more; ask for a new one.')
}
