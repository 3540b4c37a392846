import { randomBytes, randomUUID } from 'node:crypto'
import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { credentialOf, drop, readInvite } from './fake-readers.ts'
import type { FakeCloudOptions, FakeUser, GivenShare, TakenShare } from './fake-types.ts'
import { type FakeAnswer, type FakeRequest, findObject, isObject, json } from './http-server.ts'
import {
  coded,
  invalidParameter,
  isFilled,
  missingMember,
  splitOcmAddress,
  unknownProtocol,
} from './reva-common.ts'

const WEBDAV = '/dav/ocm'
const INVITE_MS = 86_400_000

export interface FakeOpencloudOptions extends FakeCloudOptions {
  /** oCIS: `url` and nothing else, ids without base64, handles and sends two notifications. */
  ocis?: boolean
  /** `url`: the recorded state of 2025, and oCIS. `uri`: newer OpenCloud, which reads both. */
  wire?: 'url' | 'uri'
}

/** An entry of `ocmproviders.json`, as far as it is read. */
export interface FakeProvider {
  domain: string
  /** Path of the OCM service. */
  ocm: string
}

/** OpenCloud as recorded, or oCIS: no discovery of others, no signatures, no pending shares. */
export class FakeOpencloud extends FakeCloud {
  protected readonly manner = 'go' as const
  readonly providers: FakeProvider[] = []
  private readonly isOcis: boolean
  private readonly wire: 'url' | 'uri'

  constructor(options: FakeOpencloudOptions) {
    super(options)
    this.isOcis = options.ocis ?? false
    this.wire = options.wire ?? (this.isOcis ? 'url' : 'uri')
  }

  /** What an administrator does by editing `ocmproviders.json`; without it nothing works. */
  trust(domain: string, ocm = `http://${domain}/ocm/`): void {
    this.providers.push({ domain, ocm })
  }

  /** What this server calls a person in the invitation flow. */
  inviteIdOf(user: string): string {
    const { id } = this.user(user)
    if (this.isOcis) return `${id}@${this.host}`
    return Buffer.from(`${id}@https://${this.host}`)
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_')
  }

  async acceptInvite(user: string, invite: string | { token: string; provider: string }): Promise<void> {
    const { token, provider } = typeof invite === 'string' ? readInvite(invite) : invite
    const { email, displayName: name } = this.user(user)
    const body = { userID: this.inviteIdOf(user), email, name, recipientProvider: this.host, token }
    const answer = await this.post(provider, '/invite-accepted', body)
    if (answer.status !== 200 || !isObject(answer.json))
      throw new Error(`invitation: ${answer.status} ${answer.text}`)
    const { userID, name: theirs, email: mail } = answer.json
    if (!isFilled(userID)) throw new Error('the answer to the invitation has no userID')
    this.addContact(user, { id: userID, host: provider, name: String(theirs), email: String(mail) })
  }

  protected override newUser(name: string): FakeUser {
    return { ...super.newUser(name), id: randomUUID() }
  }
  protected override newShareSecret(): string {
    return randomBytes(24).toString('base64url')
  }

  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    const { path, method } = request
    if (path === '/.well-known/ocm') return json(200, this.document(request.headers['user-agent']))
    if (path === WEBDAV || path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    if (method === 'POST' && path === '/ocm/shares') return this.takeShare(request)
    if (method === 'POST' && path === '/ocm/notifications') return this.takeNotification(request)
    if (method === 'POST' && path === '/ocm/invite-accepted') return this.takeAcceptedInvite(request)
    return { status: path.startsWith('/ocm/') ? 404 : 502 }
  }

  protected async announce(share: GivenShare): Promise<void> {
    const person = `${this.inviteIdOf(share.owner.name)}@${this.host}`
    const sender = this.isOcis ? `${share.owner.id}@${this.host}` : person
    const uri = `${this.url}${WEBDAV}/${share.id}`
    const wire = {
      shareWith: `${share.shareWith.id}@${share.shareWith.host}`,
      ...{ name: share.name, description: '', providerId: share.id, owner: sender, sender },
      ...{
        ownerDisplayName: '',
        senderDisplayName: share.owner.displayName,
        shareType: 'user',
        expiration: 0,
      },
      resourceType: share.isFolder ? 'folder' : 'file',
      protocol: {
        name: 'multi',
        options: {},
        webdav: { sharedSecret: share.secret, permissions: share.permissions, [this.wire]: uri },
      },
    }
    const answer = await this.post(share.shareWith.host, '/shares', wire)
    if (![200, 201].includes(answer.status) || answer.json === undefined)
      throw new Error(`share: ${answer.status} ${answer.text}`)
  }

  /** OpenCloud tells nobody; oCIS does in its own way. */
  protected override async tellUnshared(share: GivenShare): Promise<void> {
    if (!this.isOcis) return
    const notification = { grantee: share.shareWith.id }
    await this.post(share.shareWith.host, '/notifications', {
      ...{ notificationType: 'SHARE_UNSHARED', resourceType: 'file', providerId: share.id, notification },
    })
  }

  /** oCIS only: new permissions of a share, with the whole protocol. */
  async changePermission(shareId: string, permissions: GivenShare['permissions']): Promise<void> {
    const share = this.given.find((one) => one.id === shareId)
    if (share === undefined) throw new Error(`no share ${shareId} here`)
    share.permissions = permissions
    if (!this.isOcis) return
    const webdav = { sharedSecret: share.secret, permissions, url: `${this.url}${WEBDAV}/${share.id}` }
    const notification = { grantee: share.shareWith.id, protocol: { name: 'multi', options: {}, webdav } }
    await this.post(share.shareWith.host, '/notifications', {
      ...{
        notificationType: 'SHARE_CHANGE_PERMISSION',
        resourceType: 'file',
        providerId: share.id,
        notification,
      },
    })
  }

  /** A file is asked for below the address of its share, under its name (recorded). */
  protected async reader(share: TakenShare): Promise<DavReader> {
    const base = (share.uri ?? '').replace(/\/$/, '')
    const root = share.resourceType === 'file' ? `${base}/${encodeURIComponent(share.name)}` : base
    return new DavReader({
      ...{ client: this.client, root, manner: 'go' },
      authorization: async () => `Bearer ${share.secret}`,
    })
  }

  private document(userAgent = ''): Record<string, unknown> {
    return {
      enabled: true,
      apiVersion: userAgent === 'Nextcloud Server Crawler' ? '1.1' : '1.1.0',
      endPoint: `${this.url}/ocm`,
      provider: this.isOcis ? 'oCIS' : 'OpenCloud',
      resourceTypes: [{ name: 'file', shareTypes: ['user'], protocols: { webdav: WEBDAV } }],
      capabilities: ['/invite-accepted'],
    }
  }

  private takeShare(request: FakeRequest): FakeAnswer {
    const wire = findObject(request.body)
    if (wire === undefined) return invalidParameter('body request not recognised')
    const { protocol, shareType, resourceType, sender } = wire
    const options = isObject(protocol) ? protocol.options : undefined
    if (isObject(options) && Object.keys(options).length > 0)
      return invalidParameter(`protocol options not supported: ${JSON.stringify(options)}`)
    const wrong = missingMember(wire) ?? unknownProtocol(protocol, ['webdav', 'webapp', 'datatx'])
    if (wrong !== undefined) return wrong
    if (!['file', 'folder'].includes(String(resourceType)) || !['user', 'group'].includes(String(shareType)))
      return invalidParameter('resource type or share type not recognised')
    const from = splitOcmAddress(sender)
    if (!this.isTrusted(from.host)) return coded(401, 'UNAUTHENTICATED', 'provider not authorized')
    const { id } = splitOcmAddress(wire.shareWith)
    const user = this.users.find((one) => one.id === id)
    if (user === undefined) return coded(404, 'RESOURCE_NOT_FOUND', 'user not found')
    this.keepShown(wire, user, from.host)
    // The body is written before the status, so the status is 200.
    return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: '{}\n' }
  }

  /** An address under the wrong key is taken and never seen again. */
  private keepShown(wire: Record<string, unknown>, user: FakeUser, peerHost: string): void {
    const protocol = isObject(wire.protocol) ? wire.protocol : {}
    const webdav = isObject(protocol.webdav) ? protocol.webdav : {}
    const uri = this.wire === 'url' ? webdav.url : (webdav.uri ?? webdav.url)
    if (!isFilled(uri) || !URL.canParse(uri)) return
    this.taken.push({
      ...{ id: randomUUID(), user: user.name, name: String(wire.name), uri, peerHost, state: 'accepted' },
      ...{ owner: String(wire.owner), sender: String(wire.sender), providerId: String(wire.providerId) },
      ...{ secret: String(webdav.sharedSecret), resourceType: String(wire.resourceType) },
      permissions: Array.isArray(webdav.permissions) ? webdav.permissions.map(String) : [],
    })
  }

  private takeNotification(request: FakeRequest): FakeAnswer {
    const wire = findObject(request.body) ?? {}
    const { notificationType: type, providerId, notification } = wire
    const handled = this.isOcis && ['SHARE_UNSHARED', 'SHARE_CHANGE_PERMISSION'].includes(String(type))
    if (!handled) return { status: 201 }
    if (!isObject(notification) || !isFilled(notification.grantee))
      return invalidParameter('missing grantee in notification')
    if (type === 'SHARE_CHANGE_PERMISSION' && !isObject(notification.protocol))
      return invalidParameter('missing protocol in notification')
    const { id } = splitOcmAddress(`${notification.grantee}@`)
    const user = this.users.find((one) => one.id === id || `${one.id}@${this.host}` === id)
    for (const share of this.taken.filter(
      (one) => one.providerId === providerId && one.user === user?.name,
    )) {
      if (type === 'SHARE_UNSHARED') drop(this.taken, share)
      else share.permissions = permissionsIn(notification.protocol)
    }
    return { status: 201 }
  }

  private takeAcceptedInvite(request: FakeRequest): FakeAnswer {
    const { token, userID, recipientProvider, name, email } = findObject(request.body) ?? {}
    if (!isFilled(token) || !isFilled(userID) || !isFilled(recipientProvider))
      return invalidParameter('token, userID and recipiendProvider must not be null')
    if (!this.isTrusted(recipientProvider.replace(/^https?:\/\//, '')))
      return coded(403, 'UNTRUSTED_SERVICE', 'provider not trusted')
    const invite = this.invites.find((one) => one.token === token)
    if (invite === undefined) return coded(404, 'RESOURCE_NOT_FOUND', 'token not found')
    if (this.nowMs() > invite.createdAtMs + INVITE_MS) return invalidParameter('token has expired')
    const host = recipientProvider
    const known = this.contactsOf(invite.user.name).some((one) => one.id === userID && one.host === host)
    // A scheme is kept, and comes back in every address of that person.
    if (!known)
      this.addContact(invite.user.name, { id: userID, host, name: String(name), email: String(email) })
    const person = {
      userID: this.inviteIdOf(invite.user.name),
      email: invite.user.email,
      name: invite.user.displayName,
    }
    return {
      status: 200,
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: `${JSON.stringify(person)}\n`,
    }
  }

  /** Bearer and nothing else; the prefix itself is nothing (recorded). */
  private async serveShare(request: FakeRequest): Promise<FakeAnswer> {
    const credential = credentialOf(request)
    const [id = ''] = request.path.slice(WEBDAV.length + 1).split('/')
    if (credential && 'basic' in credential && credential.basic.startsWith(`${id}:`) && id !== '')
      return { status: 500 }
    const share = this.given.find((one) => one.id === id)
    if (share === undefined || !credential || !('bearer' in credential) || credential.bearer !== share.secret)
      return { status: 401 }
    return this.serve(share, request, `${WEBDAV}/${id}`)
  }

  private isTrusted(host: string): boolean {
    return this.providers.some((provider) => provider.domain === host)
  }

  private post(host: string, path: string, wire: object) {
    const bare = host.replace(/^https?:\/\//, '')
    const provider = this.providers.find((one) => one.domain === bare)
    if (provider === undefined) throw new Error(`${bare} is not in the provider list`)
    return this.client.call({
      ...{ method: 'POST', url: provider.ocm.replace(/\/$/, '') + path, body: JSON.stringify(wire) },
      headers: {
        ...{ 'User-Agent': 'Go-http-client/1.1', 'Content-Type': 'application/json' },
        'Accept-Encoding': 'gzip',
      },
    })
  }
}

function permissionsIn(protocol: unknown): string[] {
  const webdav = isObject(protocol) && isObject(protocol.webdav) ? protocol.webdav : {}
  return Array.isArray(webdav.permissions) ? webdav.permissions.map(String) : []
}

export async function startFakeOpencloud(options: FakeOpencloudOptions): Promise<FakeOpencloud> {
  return new FakeOpencloud(options).start(options.name ?? (options.ocis ? 'ocis' : 'opencloud'))
}
