import { randomBytes } from 'node:crypto'
import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { credentialOf, drop } from './fake-readers.ts'
import type { FakeCloudOptions, GivenShare, TakenShare } from './fake-types.ts'
import type { CallAnswer } from './http-client.ts'
import { type FakeAnswer, type FakeRequest, html, isObject, json } from './http-server.ts'

const WEBDAV = '/public.php/webdav'
const NEEDED = ['remote', 'token', 'name', 'owner', 'remoteId', 'shareWith']

export interface FakeOwncloud9Options extends FakeCloudOptions {
  /** 9.1 has `/ocs-provider/`; 8.2 has version 2 of the interface; 8.0 has version 1 only. */
  version?: '9.1.8' | '8.2.11' | '8.0.16'
  /** `incoming_server2server_share_enabled` */
  takesShares?: boolean
}

/** ownCloud before OCM: forms, numbers for ids, and nothing at `/ocm-provider`. */
export class FakeOwncloud9 extends FakeCloud {
  protected readonly manner = 'sabre' as const
  private readonly version: string
  private readonly takesShares: boolean
  private lastId = 0

  constructor(options: FakeOwncloud9Options) {
    super(options)
    this.version = options.version ?? '9.1.8'
    this.takesShares = options.takesShares ?? true
  }

  private get interfaces(): string {
    return this.version.startsWith('8.0') ? '1' : '[12]'
  }

  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    const { path, method } = request
    if (path === '/status.php') {
      const versions = { version: `${this.version}.2`, versionstring: this.version }
      return json(200, { installed: 'true', ...versions, edition: '' })
    }
    if (path === '/ocs-provider/' && this.version.startsWith('9')) return json(200, this.document())
    if (path === WEBDAV || path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    const place = new RegExp(`^/ocs/v(${this.interfaces})\\.php/cloud/shares(?:/([^/]+)/([a-z]+))?$`).exec(
      path,
    )
    if (place === null || method !== 'POST') return html(404, 'File not found')
    const [, number = '', id, action] = place
    const form = new URLSearchParams(request.body.toString('utf8'))
    const [code, message] = id === undefined ? this.takeShare(form) : this.takeNotice(id, action ?? '', form)
    return this.envelope(number, code, message)
  }

  /** Version 1 says 200 to everything but a missing login. */
  private envelope(number: string, code: number, message: string | null): FakeAnswer {
    const isFine = code === 100
    const statuscode = number === '2' && isFine ? 200 : code
    const meta = { status: isFine ? 'ok' : 'failure', statuscode, message }
    return json(number === '2' ? statuscode : 200, { ocs: { meta, data: [] } })
  }

  private document(): Record<string, unknown> {
    const endpoints = { share: '/ocs/v1.php/cloud/shares', webdav: '/public.php/webdav/' }
    return { version: 2, services: { FEDERATED_SHARING: { version: 1, endpoints } } }
  }

  private takeShare(form: URLSearchParams): [number, string | null] {
    if (!this.takesShares) return [503, 'Server does not support federated cloud sharing']
    const [remote, secret, name, owner, remoteId, user] = NEEDED.map((key) => form.get(key) ?? '')
    if ([remote, secret, name, owner, remoteId, user].includes(''))
      return [400, 'server can not add remote share, missing parameter']
    if (/[/\\]/.test(name ?? '')) return [400, 'The mountpoint name contains invalid characters.']
    if (!this.users.some((one) => one.name === user)) return [400, 'User does not exist']
    const peerHost = new URL(remote ?? '').host
    this.taken.push({
      ...{ id: String(this.taken.length + 1), user: user ?? '', name: name ?? '', peerHost },
      ...{ owner: `${owner}@${peerHost}`, sender: form.get('sharedByFederatedId') ?? '', state: 'pending' },
      // The column has whole numbers of four bytes.
      providerId: String(Number.parseInt(remoteId ?? '', 10) || 0),
      ...{ secret: secret ?? '', resourceType: 'file', permissions: [], uri: remote },
    })
    return [100, null]
  }

  private takeNotice(id: string, action: string, form: URLSearchParams): [number, string | null] {
    const secret = form.get('token')
    const taken = this.taken.find((one) => one.providerId === id && one.secret === secret)
    if (action === 'unshare' && taken !== undefined) drop(this.taken, taken)
    // Whether there is one or not.
    if (action === 'unshare') return [100, null]
    const given = this.given.find((one) => one.id === id && one.secret === secret)
    if (given === undefined) return [400, 'Wrong share ID, share doesn’t exist']
    if (action === 'accept') given.state = 'accepted'
    if (action === 'decline') drop(this.given, given)
    return ['accept', 'decline'].includes(action) ? [100, null] : [400, 'Invalid query']
  }

  private async serveShare(request: FakeRequest): Promise<FakeAnswer> {
    const credential = credentialOf(request)
    const secret = credential && 'basic' in credential ? credential.basic.split(':')[0] : undefined
    const share = this.given.find((one) => one.secret === secret)
    return share === undefined ? html(401, 'Cannot authenticate') : this.serve(share, request, WEBDAV)
  }

  protected override newShareId(): string {
    this.lastId += 1
    return String(this.lastId)
  }
  protected override newShareSecret(): string {
    return randomBytes(24).toString('hex').slice(0, 15)
  }

  protected async announce(share: GivenShare): Promise<void> {
    const address = `${share.owner.id}@${this.host}`
    const answer = await this.tell(share.shareWith.host, '', {
      ...{ shareWith: share.shareWith.id, token: share.secret, name: share.name, remoteId: share.id },
      ...{ owner: share.owner.id, ownerFederatedId: address, sharedBy: share.owner.id },
      ...{ sharedByFederatedId: address, remote: `${this.url}/` },
    })
    if (!isFine(answer)) throw new Error(`share: ${answer.status} ${answer.text}`)
  }

  protected override async tellUnshared(share: GivenShare): Promise<void> {
    await this.tell(share.shareWith.host, `/${share.id}/unshare`, { token: share.secret })
  }
  protected override async tellAccepted(share: TakenShare): Promise<void> {
    await this.answerTo(share, 'accept')
  }
  protected override async tellDeclined(share: TakenShare): Promise<void> {
    await this.answerTo(share, 'decline')
  }

  private async answerTo(share: TakenShare, action: string): Promise<void> {
    const path = `/${share.providerId}/${action}`
    const answer = await this.tell(share.peerHost, path, { token: share.secret })
    if (!isFine(answer)) throw new Error(`${action}: ${answer.status} ${answer.text}`)
  }

  protected async reader(share: TakenShare): Promise<DavReader> {
    const root = `${share.uri?.replace(/\/$/, '')}${WEBDAV}`
    const basic = `Basic ${Buffer.from(`${share.secret}:`).toString('base64')}`
    return new DavReader({ client: this.client, root, manner: 'sabre', authorization: async () => basic })
  }

  /** Where the other side has none of its own, the address that all have. */
  private async tell(host: string, path: string, form: Record<string, string>): Promise<CallAnswer> {
    const { json: found } = await this.client.call({ method: 'GET', url: `http://${host}/ocs-provider/` })
    const services = isObject(found) ? (found.services as Record<string, { endpoints?: object }>) : undefined
    const endpoints = services?.FEDERATED_SHARING?.endpoints as { share?: string } | undefined
    return this.client.call({
      ...{ method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      url: `http://${host}${endpoints?.share ?? '/ocs/v1.php/cloud/shares'}${path}?format=json`,
      body: new URLSearchParams(form).toString(),
    })
  }
}

function isFine({ status, json: found }: CallAnswer): boolean {
  const meta = (found as { ocs?: { meta?: { statuscode?: number } } } | undefined)?.ocs?.meta
  return status === 200 && (meta?.statuscode === 100 || meta?.statuscode === 200)
}

export async function startFakeOwncloud9(options: FakeOwncloud9Options): Promise<FakeOwncloud9> {
  return new FakeOwncloud9(options).start(options.name ?? 'oc10')
}
