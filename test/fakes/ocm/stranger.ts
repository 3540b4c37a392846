import { generateKeyPairSync } from 'node:crypto'
import { signCavage } from './cavage.ts'
import type { CallAnswer } from './http-client.ts'
import { createFakeClient } from './http-client.ts'
import { FakeHttpServer, json } from './http-server.ts'
import { signRfc9421 } from './rfc9421.ts'

/**
 * A server of nobody's make for tests of the fakes: serves a discovery document with keys in every form,
 * and sends whatever it is told to, signed or not.
 */
export class Stranger {
  readonly client = createFakeClient()
  /** Id of the key of RFC 9421 signatures; an address unless it is changed. */
  kid = ''
  /** Members put over those of the discovery document. */
  document: Record<string, unknown> = {}
  readonly rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  readonly ed = generateKeyPairSync('ed25519')
  private readonly server: FakeHttpServer

  private constructor(server: FakeHttpServer) {
    this.server = server
    this.kid = `https://${server.host}/ocm#ed-1`
  }

  static async start(name = 'stranger.test'): Promise<Stranger> {
    let answer = () => json(404, {})
    const server = await FakeHttpServer.listen(name, async ({ path }) =>
      path.includes('jwks') ? json(200, { keys: [stranger.jwk] }) : answer(),
    )
    const stranger = new Stranger(server)
    answer = () => json(200, stranger.fullDocument())
    return stranger
  }

  get host(): string {
    return this.server.host
  }
  get requests() {
    return this.server.requests
  }

  get jwk() {
    return { ...this.ed.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: 'Ed25519' }
  }

  close(): Promise<void> {
    return this.server.close()
  }

  /** `sign`: the form of the signature, `nowMs`: its time; `change` gets the headers last. */
  async post(
    url: string,
    wire: unknown,
    options: {
      sign?: 'cavage' | 'tag' | 'label'
      nowMs?: number
      change?: (headers: Record<string, string>) => void
    } = {},
  ): Promise<CallAnswer> {
    const body = Buffer.from(typeof wire === 'string' ? wire : JSON.stringify(wire))
    const signature = this.signature(options.sign, { url, body, nowMs: options.nowMs ?? Date.now() })
    const headers = { 'Content-Type': 'application/json', ...signature }
    options.change?.(headers)
    return this.client.call({ method: 'POST', url, headers, body })
  }

  private signature(
    form: 'cavage' | 'tag' | 'label' | undefined,
    { url, body, nowMs }: { url: string; body: Buffer; nowMs: number },
  ) {
    if (form === undefined) return {}
    if (form === 'cavage')
      return signCavage(
        { keyId: `https://${this.host}/ocm#signature`, privateKey: this.rsa.privateKey },
        ...([url, body, nowMs] as const),
      )
    const key = { kid: this.jwk.kid, alg: 'Ed25519', privateKey: this.ed.privateKey }
    return signRfc9421(key, { url, body, nowMs, profile: form })
  }

  private fullDocument(): Record<string, unknown> {
    const url = `http://${this.host}`
    const protocols = { webdav: '/dav/ocm/' }
    return {
      ...{ enabled: true, apiVersion: '1.1', endPoint: `${url}/ocm` },
      resourceTypes: ['file', 'folder'].map((name) => ({ name, shareTypes: ['user'], protocols })),
      capabilities: ['http-sig', 'exchange-token'],
      publicKey: {
        keyId: `https://${this.host}/ocm#signature`,
        publicKeyPem: this.rsa.publicKey.export({ type: 'spki', format: 'pem' }),
      },
      ...{ jwksUri: `${url}/jwks`, tokenEndPoint: `${url}/token` },
      ...this.document,
    }
  }
}
