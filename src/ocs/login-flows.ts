import { requireFreshProof } from '../accounts/fresh-proof.ts'
import { requireStillProven } from '../accounts/still-proven.ts'
import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { UnavailableError } from '../platform/errors.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import type { Principal } from '../platform/principal.ts'
import { clientLabel } from './client-label.ts'
import { type LoginFlow, LoginFlowsRepo } from './login-flows-repo.ts'
import type { OcsAccounts, OcsSite } from './types.ts'

const LIFE_MS = 20 * 60_000
/** Anybody may start one, so their number is bounded; a flood ends with the first that expire. */
const MAX_OPEN = 10_000
const TOKEN_BYTES = 96

export interface LoginFlowsDeps {
  db: Db
  clock: Clock
  site: OcsSite
  accounts: Pick<OcsAccounts, 'getUser' | 'redeemAppPassword'>
}

/** What a program that wants in gets: where to send the person, and where to ask for the outcome. */
export interface StartedLogin {
  poll: { token: string; endpoint: string }
  login: string
}

/** The outcome, told once. */
export interface GrantedLogin {
  server: string
  loginName: string
  appPassword: string
}

/**
 * Login flow v2: a program opens a page in the browser, a person signs in there, and the program fetches
 * a password of its own. Two secrets: the page's cannot poll, the program's cannot grant.
 */
export class LoginFlows {
  private readonly repo: LoginFlowsRepo
  private readonly deps: LoginFlowsDeps

  constructor(deps: LoginFlowsDeps) {
    this.repo = new LoginFlowsRepo(deps.db)
    this.deps = deps
  }

  /** Throws `UnavailableError` when too many wait already. */
  async start(userAgent: string): Promise<StartedLogin> {
    const nowMs = this.deps.clock.nowMs()
    await this.repo.removeExpired(nowMs)
    if ((await this.repo.count()) >= MAX_OPEN) {
      throw new UnavailableError('Too many people are signing in just now.', { retryAfterSeconds: 60 })
    }
    const [poll, login] = [newSecret(TOKEN_BYTES), newSecret(TOKEN_BYTES)]
    await this.repo.insert({
      id: newId(),
      client: clientLabel(userAgent),
      pollHash: sha256Hex(poll),
      loginHash: sha256Hex(login),
      expiresAtMs: nowMs + LIFE_MS,
    })
    const { publicUrl } = this.deps.site
    return {
      poll: { token: poll, endpoint: `${publicUrl}/login/v2/poll` },
      login: `${publicUrl}/login/v2/flow/${login}`,
    }
  }

  /** The flow a person may still grant; undefined when it is unknown, granted or over. */
  async findWaiting(loginToken: string): Promise<LoginFlow | undefined> {
    const flow = await this.repo.findByLoginHash(sha256Hex(loginToken))
    return flow === undefined || flow.userId !== undefined || this.isOver(flow) ? undefined : flow
  }

  /**
   * True when this was what granted it. Needs the real password, still: a stolen app password makes no successor,
   * and neither does a password that was changed while it was checked.
   */
  async grant(flow: LoginFlow, principal: Principal): Promise<boolean> {
    const refusal = 'Sign in with your real password, not an app password.'
    requireFreshProof(principal, this.deps.clock.nowMs(), refusal)
    if (this.isOver(flow)) return false
    return inTransaction(this.deps.db, async (tx) => {
      await requireStillProven(tx, principal)
      return new LoginFlowsRepo(tx).grant(flow.id, principal.userId)
    })
  }

  /** The outcome, for the first who asks after it was granted; undefined until then and ever after. */
  async poll(pollToken: string): Promise<GrantedLogin | undefined> {
    const flow = await this.repo.findByPollHash(sha256Hex(pollToken))
    if (flow?.userId === undefined || this.isOver(flow)) return undefined
    const { accounts, site } = this.deps
    const user = await accounts.getUser(flow.userId)
    const take = (tx: Db) => new LoginFlowsRepo(tx).remove(flow.id)
    const made = await accounts.redeemAppPassword(user.id, flow.client, take)
    return made && { server: site.publicUrl, loginName: user.name, appPassword: made.password }
  }

  private isOver(flow: LoginFlow): boolean {
    return flow.expiresAtMs <= this.deps.clock.nowMs()
  }
}
