import type { IncomingMessage } from 'node:http'
import { UnauthenticatedError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import { escapeAttribute, escapeText } from '../platform/xml.ts'
import type { Browsers } from './browsers.ts'
import { isFresh } from './fresh-proof.ts'
import { checkCsrfToken, principalOf } from './identify.ts'

/** Somebody who is signed in in the browser that looks at a page. */
export interface Visitor {
  principal: Principal
  csrfToken: string
}

export interface PageVisitorsDeps {
  browsers: Browsers
  siteName: string
  nowMs(): number
  /** Proves a name and a password; throws what `Authenticator.signIn` throws. */
  signIn(name: string, password: string, addressOf: () => string): Promise<Principal>
  /** Throws for a form that a page of another site sent. */
  checkSameOrigin(request: IncomingMessage): void
  /** Where else one can sign in. */
  oidc?: { label: string; url: string } | undefined
}

/** What a page with a form has to say about who sends it. */
export interface SignInAsk {
  /** What the button says. */
  button: string
  /** Says for what the account is needed: `Accept with your account at`. */
  purpose: string
  /** Path and query of the page. */
  returnTo: string
  /** `fresh`: they have to sign in anew at the identity provider, as `find` wants it. */
  needs?: 'fresh'
}

/** Those who stand before a page with a form: signed in in their browser, or not. */
export class PageVisitors {
  private readonly deps: PageVisitorsDeps

  constructor(deps: PageVisitorsDeps) {
    this.deps = deps
  }

  /** Who is signed in; `fresh`: within the last hour, for what needs the real password. */
  async find(request: IncomingMessage, needs?: 'fresh'): Promise<Visitor | undefined> {
    const { found, secret } = await this.deps.browsers.find(request)
    if (found === undefined || secret === undefined) return undefined
    const principal = principalOf(found)
    if (needs === 'fresh' && !isFresh(principal.session, this.deps.nowMs())) return undefined
    return { principal, csrfToken: this.deps.browsers.csrfTokenOf(secret) }
  }

  /**
   * Who posted a form: by the session and its token, else by name and password. Throws `UnauthenticatedError`,
   * `ForbiddenError` for a forged form, `TooManyRequestsError`.
   */
  async prove(request: IncomingMessage, form: URLSearchParams): Promise<Principal> {
    const { browsers, checkSameOrigin, signIn } = this.deps
    const token = form.get('csrfToken')
    if (token === null) {
      return signIn(form.get('name') ?? '', form.get('password') ?? '', () => browsers.addressOf(request))
    }
    const { found, secret } = await browsers.find(request)
    if (found === undefined || secret === undefined) {
      throw new UnauthenticatedError('Your session is over; sign in to go on.', { code: 'SESSION_ENDED' })
    }
    checkSameOrigin(request)
    checkCsrfToken(secret, token)
    return principalOf(found)
  }

  /** The end of a form: who sends it, and the button. */
  fields(visitor: Visitor | undefined, { button, purpose, returnTo, needs }: SignInAsk): string {
    const site = `<strong>${escapeText(this.deps.siteName)}</strong>`
    if (visitor !== undefined) {
      return `<p>You are signed in at ${site} as <strong>${escapeText(visitor.principal.userName)}</strong>.</p>
<input type="hidden" name="csrfToken" value="${escapeAttribute(visitor.csrfToken)}">
<button>${escapeText(button)}</button>`
    }
    return `<p>${escapeText(purpose)} ${site}:</p>${this.elsewhere({ returnTo, ...(needs === 'fresh' ? { proof: '1' } : {}) })}
<label>User name <input name="name" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>${escapeText(button)}</button>`
  }

  private elsewhere(query: Record<string, string>): string {
    const { oidc } = this.deps
    if (oidc === undefined) return ''
    const address = `${oidc.url}?${new URLSearchParams(query)}`
    return `
<p><a id="elsewhere" href="${escapeAttribute(address)}">Sign in with ${escapeText(oidc.label)}</a></p>`
  }
}
