import type { IncomingMessage } from 'node:http'
import { ForbiddenError, NotFoundError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import { checkCsrfToken } from './identify.ts'
import type { SessionCookie } from './session-cookie.ts'
import type { Session, SessionUser, SignInFacts } from './session-types.ts'
import { csrfTokenOf, type Sessions } from './sessions.ts'

export interface BrowsersDeps {
  sessions: Sessions
  cookie: SessionCookie
  maxDays: number
  /** Of the client, not of a reverse proxy before us. */
  clientAddress(request: IncomingMessage): string
}

/** A session that has just begun, and what its browser is told. */
export interface BegunSession {
  session: Session
  setCookie: string
  csrfToken: string
}

type Request = IncomingMessage | undefined

/** Two tabs sign out at once. */
function isGone(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error
}

/** Sessions as requests carry them: in cookies. */
export class Browsers {
  readonly sessions: Sessions
  /** More cookies to set when a session of an identity provider ends; bound late, gets what `open` was given. */
  leave: (providerHint: string) => string[] = () => []
  private readonly deps: BrowsersDeps

  constructor(deps: BrowsersDeps) {
    this.deps = deps
    this.sessions = deps.sessions
  }

  /** The session of the cookie, as far as both are there. */
  async find(request: Request): Promise<{ found?: SessionUser | undefined; secret?: string | undefined }> {
    const secret = this.secretOf(request)
    return secret === undefined ? {} : { found: await this.sessions.find(secret), secret }
  }

  /**
   * Signs somebody in who typed the password just now. Throws `ForbiddenError` for an app password: a session
   * may do more than that.
   */
  async begin(request: Request, { userId, via, passwordMark }: Principal): Promise<BegunSession> {
    if (via !== 'password') throw new ForbiddenError('Sign in with your real password, not an app password.')
    return this.open(request, { userId, via, passwordMark })
  }

  /** Signs somebody in who was proven to be it; the session that this browser had is over. */
  async open(
    request: Request,
    who: Omit<SignInFacts, 'userAgent' | 'address' | 'formerSecret'>,
  ): Promise<BegunSession> {
    const userAgent = String(request?.headers['user-agent'] ?? '')
    const formerSecret = this.secretOf(request)
    const { session, secret } = await this.sessions.begin({
      ...{ ...who, userAgent, formerSecret, address: this.addressOf(request) },
    })
    const setCookie = this.deps.cookie.write(secret, Math.round(this.deps.maxDays * 86_400))
    return { session, setCookie, csrfToken: csrfTokenOf(secret) }
  }

  /** Signs out; answers the cookies to set. Throws `ForbiddenError` without the token of the session. */
  async end(request: Request): Promise<string[]> {
    const { found, secret } = await this.find(request)
    if (found === undefined || secret === undefined) return [this.clear()]
    checkCsrfToken(secret, String(request?.headers['x-csrf-token'] ?? ''))
    const { id, userId, via } = found.session
    const hint = via === 'oidc' ? await this.sessions.findProviderHint(id) : undefined
    await this.sessions.end(userId, id).catch(isGone)
    return [this.clear(), ...(hint === undefined ? [] : this.leave(hint))]
  }

  /** `Set-Cookie` that forgets the session. */
  clear(): string {
    return this.deps.cookie.clear()
  }

  csrfTokenOf(secret: string): string {
    return csrfTokenOf(secret)
  }

  addressOf(request: Request): string {
    return request === undefined ? '' : this.deps.clientAddress(request)
  }

  private secretOf(request: Request): string | undefined {
    return request === undefined ? undefined : this.deps.cookie.read(request.headers)
  }
}
