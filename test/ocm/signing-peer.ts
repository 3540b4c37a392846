import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { signCavage } from '../fakes/ocm/cavage.ts'
import { type PublicJwk, signRfc9421 } from '../fakes/ocm/rfc9421.ts'
import { type HandClock, listening, sampleShare, type TestNode } from './support.ts'

export type Form = 'tag' | 'label' | 'cavage'

/** What a sender does otherwise than it should. */
export interface Oddities {
  path?: string
  body?: Buffer
  /** The address that is signed, where it is not the one that is called. */
  signedUrl?: string
  nowMs?: number
  kid?: string
  key?: KeyObject
  /** Gets the headers last. */
  change?: (headers: Record<string, string>) => void
}

export interface Received {
  path: string
  headers: Record<string, string>
  body: Buffer
}

const rsaPairs = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))

/**
 * A server with keys of every kind that signs with code of its own (test/fakes), not with ours: what it
 * publishes and what it sends, a test changes as it likes.
 */
export class SigningPeer {
  readonly ed = generateKeyPairSync('ed25519')
  /** Other keys, for those that a peer changes to. */
  readonly nextEd = generateKeyPairSync('ed25519')
  readonly rsa = rsaPairs[0] as (typeof rsaPairs)[0]
  readonly nextRsa = rsaPairs[1] as (typeof rsaPairs)[0]
  readonly received: Received[] = []
  readonly asked: string[] = []
  /** Members put over those of the discovery document; undefined takes one away. */
  document: Record<string, unknown> = {}
  jwks: unknown[] = []
  private readonly server: Server
  private readonly clock: HandClock
  readonly host: string

  private constructor(server: Server, host: string, clock: HandClock) {
    this.server = server
    this.host = host
    this.clock = clock
    this.jwks = [this.jwkOf(this.ed.publicKey, 'ed-1')]
  }

  static async start(name: string, clock: HandClock): Promise<SigningPeer> {
    const server = createServer().listen(0, '127.0.0.1')
    const peer = new SigningPeer(server, `${name}:${await listening(server)}`, clock)
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const path = request.url ?? ''
      peer.asked.push(path)
      if (request.method === 'POST') {
        const headers = request.headers as Record<string, string>
        peer.received.push({ path, headers, body: Buffer.concat(chunks) })
      }
      const [status, body] = request.method === 'POST' ? [201, {}] : peer.answer(path)
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    })
    return peer
  }

  get kid(): string {
    return `${this.host}#ed-1`
  }

  /** As Nextcloud's: the scheme is always https. */
  get keyId(): string {
    return `https://${this.host}/ocm#signature`
  }

  jwkOf(key: KeyObject, name: string, alg = 'Ed25519'): PublicJwk {
    return { ...key.export({ format: 'jwk' }), kid: `${this.host}#${name}`, alg }
  }

  pemOf(key: KeyObject): string {
    return key.export({ type: 'spki', format: 'pem' }).toString()
  }

  /** A server of draft-07 unless changed: `http-sig`, a `jwksUri`, and no `publicKey`. */
  private answer(path: string): [number, object] {
    if (path === '/.well-known/ocm') {
      const url = `http://${this.host}`
      const document = { endPoint: `${url}/ocm`, capabilities: ['http-sig'], jwksUri: `${url}/keys` }
      return [200, { ...document, resourceTypes: [{ name: 'file', shareTypes: ['user'] }], ...this.document }]
    }
    if (path === '/keys' || path === '/.well-known/jwks.json') return [200, { keys: this.jwks }]
    return [404, {}]
  }

  /** Like Nextcloud 31 to 33. */
  becomeNextcloud(): void {
    const publicKey = { keyId: this.keyId, publicKeyPem: this.pemOf(this.rsa.publicKey) }
    this.document = { capabilities: ['shares', 'notifications'], jwksUri: undefined, publicKey }
  }

  shareFor(to: TestNode, change: object = {}): Buffer {
    const { owner, sender, shareWith, webdav, expiresAtMs: _, ...rest } = sampleShare(this.host, to.host)
    const text = ({ id, host }: typeof owner) => `${id}@${host}`
    const wire = { ...rest, owner: text(owner), sender: text(sender), shareWith: text(shareWith) }
    return Buffer.from(JSON.stringify({ ...wire, protocol: { name: 'multi', webdav }, ...change }))
  }

  signature(to: TestNode, form: Form, body: Buffer, odd: Oddities = {}): Record<string, string> {
    const { nowMs = this.clock.nowMs(), signedUrl = to.publicUrl + (odd.path ?? '/ocm/shares') } = odd
    if (form === 'cavage') {
      const key = { keyId: odd.kid ?? this.keyId, privateKey: odd.key ?? this.rsa.privateKey }
      return signCavage(key, signedUrl, body, nowMs)
    }
    const key = { kid: odd.kid ?? this.kid, alg: 'Ed25519', privateKey: odd.key ?? this.ed.privateKey }
    return signRfc9421(key, { url: signedUrl, body, profile: form, nowMs })
  }

  /** Sends a share, or what `odd` says, and answers what came back; `form` undefined leaves it unsigned. */
  async send(to: TestNode, form: Form | undefined, odd: Oddities = {}) {
    const body = odd.body ?? this.shareFor(to)
    const headers = { 'Content-Type': 'application/json' }
    if (form !== undefined) Object.assign(headers, this.signature(to, form, body, odd))
    odd.change?.(headers)
    return postTo(to.port, odd.path ?? '/ocm/shares', body, headers)
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

/** Speaks to a node at its loopback port, whatever it is called. */
export async function postTo(port: number, path: string, body: Buffer, headers: Record<string, string>) {
  const init = { method: 'POST', headers, body: new Uint8Array(body) }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init)
  const json = (await answer.json()) as { message?: string }
  return { status: answer.status, message: json.message, json, headers: answer.headers }
}
