import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { BadRequestError, ForbiddenError } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import type { Principal } from '../../platform/principal.ts'
import type { Seal } from '../../platform/seal.ts'
import type { Browsers } from '../browsers.ts'
import { principalOf } from '../identify.ts'
import { nameAtPort, readCookie } from '../session-cookie.ts'
import { removeUsed, useOnce } from './identities-repo.ts'
import type { OidcAccounts } from './oidc-accounts.ts'
import { openPending, openSealed, type PendingSignIn, sealPending } from './pending-sign-in.ts'
import type { OidcProvider } from './provider.ts'
import { safeReturnTo } from './return-to.ts'

/** How long somebody may take at the provider. */
const LIFE_MS = 15 * 60_000
/** … and to press the button that leads there, after asking for it. */
const TICKET_MS = 60_000
const TICKET = 'oidc-link-ticket'
const HINT = 'oidc-sign-out'

export interface OidcSignInDeps {
  db: Db
  clock: Clock
  seal: Seal
  publicUrl: string
  provider: OidcProvider
  accounts: OidcAccounts
  browsers: Browsers
}

/** Where the browser is sent, and the cookies that it gets. */
export interface Redirect {
  location: string
  cookies: string[]
}

interface Ticket {
  userId: string
  expiresAtMs: number
}

/** The way of a browser to an identity provider and back. */
export class OidcSignIn {
  private readonly deps: OidcSignInDeps
  /** Path of the addresses below which the cookies are good. */
  private readonly path: string
  private readonly flags: string
  /** Cookie with what `signOut` tells the provider. */
  private readonly left: string

  constructor(deps: OidcSignInDeps) {
    this.deps = deps
    const { protocol, pathname } = new URL(deps.publicUrl)
    this.path = `${pathname.replace(/\/+$/, '')}/login/oidc`
    this.flags = `Path=${this.path}; HttpOnly; SameSite=Lax${protocol === 'https:' ? '; Secure' : ''}`
    this.left = nameAtPort('causeway_left', deps.publicUrl)
  }

  /** To the provider; with `proof=1` so that they have to sign in there again. */
  async start(query: URLSearchParams): Promise<Redirect> {
    const { provider, clock, seal, publicUrl } = this.deps
    const linkTo = this.readTicket(query.get('ticket'))
    const { url, pending } = await provider.begin(query.get('proof') === '1' ? 'prove' : 'enter')
    const sealed = sealPending(seal, {
      ...{ ...pending, expiresAtMs: clock.nowMs() + LIFE_MS },
      returnTo: safeReturnTo(query.get('returnTo') ?? undefined, publicUrl),
      ...(linkTo === undefined ? {} : { linkTo }),
    })
    return {
      location: url.href,
      cookies: [`${cookieName(pending.state)}=${sealed}; Max-Age=${LIFE_MS / 1000}; ${this.flags}`],
    }
  }

  /** Back from the provider: the session begins, and the way goes on to where it began. Throws `AppError`. */
  async finish(request: IncomingMessage, query: string): Promise<Redirect> {
    const { provider, accounts, browsers } = this.deps
    const pending = await this.takePending(request, new URLSearchParams(query).get('state') ?? '')
    const linkTo = await this.checkLink(request, pending)
    const { person, idToken, authenticatedAtMs } = await provider.redeem(query, pending)
    const user = await accounts.admit(person, linkTo)
    const providerHint = this.deps.seal.seal(JSON.stringify([HINT, idToken]))
    const who = { userId: user.id, via: 'oidc', providerHint, authenticatedAtMs } as const
    const { setCookie } = await browsers.open(request, who)
    return { location: pending.returnTo, cookies: [setCookie, this.forget(cookieName(pending.state))] }
  }

  /** Cookies that let `signOut` tell the provider whose session ends; for `Browsers`. */
  leave(providerHint: string): string[] {
    return [`${this.left}=${providerHint}; Max-Age=60; ${this.flags}`]
  }

  /** To where the provider signs out, when there is such a place; else to the first page. */
  async signOut(request: IncomingMessage): Promise<Redirect> {
    const { provider, publicUrl, seal } = this.deps
    const idToken = openSealed<string>(seal, HINT, readCookie(request.headers.cookie, this.left))
    const home = `${publicUrl}/`
    const url = idToken === undefined ? undefined : await provider.endUrl(idToken, home)
    return {
      location: url?.href ?? `${new URL(publicUrl).pathname.replace(/\/+$/, '')}/`,
      cookies: [this.forget(this.left)],
    }
  }

  /** An address that connects an account at the provider with that of a user; good for a minute. */
  linkAddress(userId: string, returnTo: string): string {
    const { seal, clock } = this.deps
    const ticket = seal.seal(JSON.stringify([TICKET, { userId, expiresAtMs: clock.nowMs() + TICKET_MS }]))
    return `${this.path}?${new URLSearchParams({ ticket, returnTo })}`
  }

  private readTicket(text: string | null): string | undefined {
    if (text === null) return undefined
    const ticket = openSealed<Ticket>(this.deps.seal, TICKET, text)
    if (ticket !== undefined && ticket.expiresAtMs > this.deps.clock.nowMs()) return ticket.userId
    throw new BadRequestError('This address was good for a minute; begin again in your settings.')
  }

  /** What this browser set out with. It counts once, whoever brings it again. */
  private async takePending(request: IncomingMessage, state: string): Promise<PendingSignIn> {
    const { seal, clock, db } = this.deps
    const nowMs = clock.nowMs()
    const pending = openPending(seal, readCookie(request.headers.cookie, cookieName(state)), nowMs)
    if (pending === undefined || pending.state !== state) throw lost()
    await removeUsed(db, nowMs)
    if (!(await useOnce(db, sha256Hex(state), pending.expiresAtMs))) throw lost()
    return pending
  }

  /** The account that gets an identity is signed in in this very browser, still. */
  private async checkLink(
    request: IncomingMessage,
    { linkTo }: PendingSignIn,
  ): Promise<Principal | undefined> {
    if (linkTo === undefined) return undefined
    const { found } = await this.deps.browsers.find(request)
    if (found?.session.userId === linkTo) return principalOf(found)
    throw new ForbiddenError('You are signed in with another account now; begin again in your settings.')
  }

  private forget(name: string): string {
    return `${name}=; Max-Age=0; ${this.flags}`
  }
}

/** One for each, so that two tabs do not get in each other's way. */
function cookieName(state: string): string {
  return `causeway_oidc_${sha256Hex(state).slice(0, 12)}`
}

function lost(): BadRequestError {
  return new BadRequestError(
    'This sign-in is over: it was used already, took too long, or began in another browser. Start again.',
    { code: 'SIGN_IN_OVER' },
  )
}
