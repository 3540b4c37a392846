import { randomBytes, randomUUID } from 'node:crypto'
import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { readInvite } from './fake-readers.ts'
import type { FakeCloudOptions, FakeUser, GivenShare, TakenShare } from './fake-types.ts'
import { isObject } from './http-server.ts'
import { isFilled } from './reva-common.ts'

export const WEBDAV = '/dav/ocm'
export const INVITE_MS = 86_400_000

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

/** The half of OpenCloud that speaks to others. */
export abstract class OpencloudSender extends FakeCloud {
  protected readonly manner = 'go' as const
  readonly providers: FakeProvider[] = []
  protected readonly isOcis: boolean
  protected readonly wire: 'url' | 'uri'

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

  protected post(host: string, path: string, wire: object) {
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
