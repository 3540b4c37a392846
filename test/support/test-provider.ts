import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import Provider from 'oidc-provider'

export const CLIENT = { id: 'causeway', secret: 'a-secret-of-the-client' }

/** Somebody at the provider, and what it says of them. */
export type Account = Record<string, unknown> & { sub: string }

/** The package `oidc-provider` on loopback; whoever comes is signed in as `account`, and asked nothing. */
export class TestProvider {
  readonly issuer: string
  account: Account | undefined
  /** How often somebody was asked to sign in. */
  logins = 0
  private readonly server: Server

  private constructor(server: Server) {
    this.server = server
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** `node`: the public address of the node that people sign in at. */
  static async start(): Promise<TestProvider> {
    let handler: (req: IncomingMessage, res: ServerResponse) => void = (_, res) =>
      void res.writeHead(503).end()
    const server = createServer((req, res) => handler(req, res)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const started = new TestProvider(server)
    started.onNode = (node) => {
      handler = started.handlerFor(node)
    }
    return started
  }

  /** Tells it where its client lives. */
  onNode: (publicUrl: string) => void = () => undefined

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
  }

  private handlerFor(node: string) {
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [`${node}/login/oidc/callback`],
          post_logout_redirect_uris: [`${node}/`],
        },
      ],
      cookies: { keys: ['a key of the tests'] },
      claims: {
        openid: ['sub'],
        profile: ['name', 'preferred_username', 'groups'],
        email: ['email', 'email_verified'],
      },
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...this.account, sub }) }),
      loadExistingGrant: async (ctx) => {
        const { client, session } = ctx.oidc
        const grant = new ctx.oidc.provider.Grant({
          clientId: client?.clientId,
          accountId: session?.accountId,
        })
        grant.addOIDCScope('openid profile email')
        await grant.save()
        return grant
      },
    })
    const callback = provider.callback()
    return (req: IncomingMessage, res: ServerResponse) => {
      if (req.url?.startsWith('/interaction/') !== true) return void callback(req, res)
      const { account } = this
      this.logins++
      const result =
        account === undefined
          ? { error: 'access_denied', error_description: 'they pressed no' }
          : { login: { accountId: account.sub } }
      provider
        .interactionFinished(req, res, result)
        .catch((error: Error) => res.writeHead(500).end(error.message))
    }
  }
}

/** A provider that signs whatever a test wants. */
export class LyingProvider {
  readonly issuer: string
  /** What its next ID token says beside what would be right. */
  lie: (right: JWTPayload) => JWTPayload = (right) => right
  signWithStrangeKey = false
  /** Its answer of the discovery, beside what would be right. */
  discovery: Record<string, unknown> = {}
  private readonly server: Server
  private nonce = ''

  private constructor(server: Server) {
    this.server = server
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<LyingProvider> {
    let handler: (req: IncomingMessage, res: ServerResponse) => void = () => undefined
    const server = createServer((req, res) => handler(req, res)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const started = new LyingProvider(server)
    const [own, strange] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')]
    const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
    const json = (res: ServerResponse, body: unknown) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    handler = async (req, res) => {
      const url = new URL(req.url ?? '/', started.issuer)
      if (url.pathname === '/.well-known/openid-configuration') return json(res, started.document())
      if (url.pathname === '/jwks') return json(res, { keys: [jwk] })
      if (url.pathname === '/auth') return started.sendBack(url, res)
      const now = Math.floor(Date.now() / 1000)
      const right = {
        iss: started.issuer,
        aud: CLIENT.id,
        sub: 'eve',
        iat: now,
        exp: now + 60,
        nonce: started.nonce,
      }
      const claims = { ...right, preferred_username: 'eve', name: 'Eve', email: 'e@x.test', groups: [] }
      const idToken = await new SignJWT(started.lie(claims))
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .sign((started.signWithStrangeKey ? strange : own).privateKey)
      json(res, { access_token: 'x', token_type: 'Bearer', expires_in: 60, id_token: idToken })
    }
    return started
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
  }

  private sendBack(url: URL, res: ServerResponse): void {
    this.nonce = url.searchParams.get('nonce') ?? ''
    const back = new URL(url.searchParams.get('redirect_uri') ?? '')
    back.search = String(new URLSearchParams({ code: 'code', state: url.searchParams.get('state') ?? '' }))
    res.writeHead(303, { location: back.href }).end()
  }

  private document() {
    const { issuer } = this
    return {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      ...this.discovery,
    }
  }
}
