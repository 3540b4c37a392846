import { generateKeyPairSync } from 'node:crypto'
import { CavageError, openCavage, signCavage } from './cavage.ts'
import type { FakeClient } from './http-client.ts'
import type { FakeRequest } from './http-server.ts'
import { isObject } from './http-server.ts'
import { discoverAsNextcloud, type NextcloudPeer, type NextcloudVersion } from './nextcloud-peers.ts'
import { openRfc9421, type PublicJwk, Rfc9421Error, signRfc9421 } from './rfc9421.ts'

const MAX_BODY_BYTES = 50_000

/** The request is answered with this: 400 and words, or 500 where the real one falls over. */
export class SignatureRefusal extends Error {
  readonly status: 400 | 500
  constructor(status: 400 | 500, message: string) {
    super(message)
    this.status = status
  }
}

export interface NextcloudSignatureOptions {
  version: NextcloudVersion
  host: string
  client: FakeClient
  enforced: boolean
  nowMs: () => number
}

/** Both forms of signature as Nextcloud signs and verifies them, by version. */
export class NextcloudSignatures {
  readonly keyId: string
  readonly publicKeyPem: string
  readonly jwks: PublicJwk[]
  /** keyId → PEM of who has signed once; must sign from then on. */
  private readonly signatories = new Map<string, string>()
  private readonly options: NextcloudSignatureOptions
  private readonly rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  private readonly ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  constructor(options: NextcloudSignatureOptions) {
    this.options = options
    this.keyId = `https://${options.host}/ocm#signature`
    this.publicKeyPem = this.rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    this.jwks = [{ ...this.ec.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: 'ES256', use: 'sig' }]
  }

  private get kid(): string {
    return `https://${this.options.host}/ocm#ecdsa-p256-sha256-1`
  }

  /** RFC 9421 for those who know it, the older form for everybody else, whether they have a key or not. */
  sign(peer: NextcloudPeer, url: string, body: Buffer): Record<string, string> {
    const { version } = this.options
    const nowMs = this.options.nowMs()
    if (version < 31) return {}
    if (version >= 34 && peer.capabilities.includes('http-sig')) {
      const key = { kid: this.kid, alg: 'ES256', privateKey: this.ec.privateKey }
      return signRfc9421(key, { url, body, nowMs, profile: version >= 35 ? 'tag' : 'label' })
    }
    return signCavage({ keyId: this.keyId, privateKey: this.rsa.privateKey }, url, body, nowMs)
  }

  /**
   * Origin of a well-signed request; undefined when it counts as unsigned. `claimedHost` is who the message
   * says it is from. Throws `SignatureRefusal`.
   */
  async originOf(request: FakeRequest, claimedHost: string): Promise<string | undefined> {
    if (this.options.version < 31) return undefined
    if (request.body.length > MAX_BODY_BYTES) throw new SignatureRefusal(400, 'content of request is too big')
    const isNew = this.options.version >= 34 && request.headers['signature-input'] !== undefined
    const origin = isNew ? await this.verifyNew(request, claimedHost) : await this.verifyOld(request)
    if (origin === undefined && this.options.enforced) throw new SignatureRefusal(400, 'Unsigned request')
    return origin
  }

  /** Who has signed once is expected to sign. Throws `SignatureRefusal`. */
  checkMayBeUnsigned(host: string): void {
    const isKnown = [...this.signatories.keys()].some((keyId) => URL.parse(keyId)?.host === host)
    if (isKnown) throw new SignatureRefusal(400, 'instance is supposed to sign its request')
  }

  private async verifyOld(request: FakeRequest): Promise<string | undefined> {
    try {
      const signed = openCavage(request, this.options.host, this.options.nowMs())
      const stored = this.signatories.get(signed.keyId)
      if (stored !== undefined && isGood(() => signed.check(stored))) return signed.origin
      const peer = await this.discover(signed.origin)
      // No key to be found: as if it had not been signed.
      if (peer?.publicKey === undefined) return undefined
      if (peer.publicKey.keyId !== signed.keyId) throw new CavageError('signature', 'keyId not related')
      signed.check(peer.publicKey.publicKeyPem)
      if (stored === undefined) this.signatories.set(signed.keyId, peer.publicKey.publicKeyPem)
      return signed.origin
    } catch (error) {
      if (!(error instanceof CavageError)) throw error
      if (error.kind === 'unsigned') return undefined
      if (error.kind === 'crash') throw new SignatureRefusal(500, error.message)
      throw new SignatureRefusal(400, error.kind === 'signature' ? 'Invalid signature' : error.message)
    }
  }

  /** Nextcloud 34 knows the signer by a `keyid` that is an address, 35 by what the message says, too. */
  private async verifyNew(request: FakeRequest, claimedHost: string): Promise<string | undefined> {
    const { host, version, nowMs } = this.options
    const message = { ...request, targetUri: `http://${host}${request.uri}` }
    try {
      const signed = openRfc9421(message, version >= 35 ? 'tag' : 'label', nowMs())
      const isUrl = /^https?:\/\//.test(signed.keyid)
      if (!isUrl && version < 35) throw new SignatureRefusal(400, 'empty origin')
      const origin = isUrl ? new URL(signed.keyid).host : claimedHost
      signed.check(await this.keysOf(origin))
      return origin
    } catch (error) {
      if (!(error instanceof Rfc9421Error)) throw error
      if (error.kind === 'unsigned') return undefined
      throw new SignatureRefusal(400, error.message)
    }
  }

  /** Nextcloud 34 knows one place, 35 reads `jwksUri`. */
  private async keysOf(origin: string): Promise<PublicJwk[]> {
    const peer = await this.discover(origin)
    const fixed = `http://${origin}/.well-known/jwks.json`
    const url = this.options.version >= 35 ? (peer?.jwksUri ?? fixed) : fixed
    const { json } = await this.options.client.call({ method: 'GET', url })
    return isObject(json) && Array.isArray(json.keys) ? (json.keys as PublicJwk[]) : []
  }

  private discover(host: string): Promise<NextcloudPeer | undefined> {
    return discoverAsNextcloud(this.options.client, host, this.options.version)
  }
}

function isGood(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
