import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import type { OidcConfig } from '../../config/sign-in.ts'
import { SingleFlight } from '../../platform/bounded-cache.ts'
import type { Clock } from '../../platform/clock.ts'
import type { OutboundFetch } from '../../platform/outbound-fetch.ts'
import { isIncomplete, type OidcPerson, readPerson } from './claims.ts'
import { toOidcError } from './oidc-error.ts'
import type { PendingSignIn } from './pending-sign-in.ts'

/** What the provider says of itself is asked for again after this. */
const KNOWN_MS = 3_600_000

export interface OidcProviderDeps {
  config: OidcConfig
  /** Where the provider sends people back to. */
  redirectUri: string
  fetch: OutboundFetch
  clock: Clock
}

/** Somebody whom the provider vouched for. */
export interface Vouched {
  person: OidcPerson
  /** What it wants to see again at the end of the session. */
  idToken: string
  /** When they signed in there (`auth_time`, Core 1.0 section 2); undefined when it does not say. */
  authenticatedAtMs?: number
}

/** `enter`: whoever is signed in there comes in; `prove`: they show there anew who they are. */
export type Purpose = 'enter' | 'prove'

/** An identity provider: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636), state and nonce. */
export class OidcProvider {
  private readonly deps: OidcProviderDeps
  private readonly asking = new SingleFlight<Configuration>()
  private known: { configuration: Configuration; atMs: number } | undefined

  constructor(deps: OidcProviderDeps) {
    this.deps = deps
  }

  /** Where to send somebody, and what has to be remembered until they are back. Throws `AppError`. */
  async begin(
    purpose: Purpose,
  ): Promise<{ url: URL; pending: Pick<PendingSignIn, 'state' | 'nonce' | 'codeVerifier'> }> {
    const configuration = await this.configuration()
    const pending = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() }
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.deps.redirectUri,
      scope: this.deps.config.scopes.join(' '),
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await calculatePKCECodeChallenge(pending.codeVerifier),
      code_challenge_method: 'S256',
      // With `max_age` a provider has to say when they signed in, also one that ignores `prompt` (Core 1.0 3.1.2.1).
      ...(purpose === 'prove' ? { prompt: 'login', max_age: '0' } : {}),
    })
    return { url, pending }
  }

  /** Who came back with this query. Throws `AppError` for whatever is not exactly as it has to be. */
  async redeem(query: string, pending: PendingSignIn): Promise<Vouched> {
    const { config, redirectUri } = this.deps
    const configuration = await this.configuration()
    try {
      const tokens = await authorizationCodeGrant(configuration, new URL(`${redirectUri}?${query}`), {
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.codeVerifier,
        idTokenExpected: true,
      })
      let claims: Record<string, unknown> = { ...tokens.claims() }
      const subject = String(claims.sub)
      if (
        isIncomplete(claims, config.claims) &&
        configuration.serverMetadata().userinfo_endpoint !== undefined
      ) {
        const more = await fetchUserInfo(configuration, tokens.access_token, subject)
        claims = { ...more, ...claims }
      }
      const seconds = tokens.claims()?.auth_time
      return {
        person: readPerson(claims, config.claims),
        idToken: tokens.id_token ?? '',
        ...(seconds === undefined ? {} : { authenticatedAtMs: seconds * 1_000 }),
      }
    } catch (error) {
      throw toOidcError(config.label, error)
    }
  }

  /** Where somebody signs out there, too; undefined when the provider has no such place (RP-Initiated Logout 1.0). */
  async endUrl(idToken: string | undefined, returnTo: string): Promise<URL | undefined> {
    const configuration = await this.configuration()
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined
    return buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: returnTo,
      ...(idToken === undefined ? {} : { id_token_hint: idToken }),
    })
  }

  private async configuration(): Promise<Configuration> {
    const { clock, config } = this.deps
    if (this.known !== undefined && clock.nowMs() - this.known.atMs < KNOWN_MS)
      return this.known.configuration
    try {
      const configuration = await this.asking.run('configuration', () => this.discover())
      this.known = { configuration, atMs: clock.nowMs() }
      return configuration
    } catch (error) {
      throw toOidcError(config.label, error)
    }
  }

  private async discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.deps.config
    const url = new URL(issuer)
    // Whether plain http may be spoken at all is decided on the way out.
    const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])]
    const proof = clientSecret === undefined ? None() : secretProof(clientSecret)
    return await discovery(url, clientId, clientSecret, proof, {
      execute,
      [customFetch]: (address, options) => this.deps.fetch(address, options),
    })
  }
}

/** In the header (RFC 6749 2.3.1), unless the provider takes it in the form only. */
function secretProof(secret: string): ClientAuth {
  const [inHeader, inForm] = [ClientSecretBasic(secret), ClientSecretPost(secret)]
  return (server, ...rest) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const isFormOnly = !taken.includes('client_secret_basic') && taken.includes('client_secret_post')
    return (isFormOnly ? inForm : inHeader)(server, ...rest)
  }
}
