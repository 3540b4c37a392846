import { randomBytes } from 'node:crypto'
import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { readInvite } from './fake-readers.ts'
import type { FakeCloudOptions, GivenShare, ShareOptions, TakenShare } from './fake-types.ts'
import type { CallAnswer } from './http-client.ts'
import { isObject } from './http-server.ts'
import { phpJson, splitCloudId, writeShare } from './nextcloud-messages.ts'
import { discoverAsNextcloud, type NextcloudPeer, type NextcloudVersion } from './nextcloud-peers.ts'
import { NextcloudSignatures } from './nextcloud-signatures.ts'
import { exchangeSecret } from './nextcloud-token.ts'

export const WEBDAV = '/public.php/webdav'
export const INVITE_MS = 30 * 86_400_000

export interface FakeNextcloudOptions extends FakeCloudOptions {
  version?: NextcloudVersion
  groups?: string[]
  /** `incoming_server2server_group_share_enabled`; off by default, whatever discovery says. */
  takesGroups?: boolean
  /** `ocm_signed_request_enforced` */
  enforceSignatures?: boolean
}

/** The half of Nextcloud that speaks to others. */
export abstract class NextcloudSender extends FakeCloud {
  readonly version: NextcloudVersion
  protected readonly manner = 'sabre' as const
  protected readonly options: FakeNextcloudOptions
  protected signatures!: NextcloudSignatures
  protected lastId = 2

  constructor(options: FakeNextcloudOptions) {
    super(options)
    this.options = options
    this.version = options.version ?? 32
  }

  override async start(name: string): Promise<this> {
    await super.start(name)
    const { version, host, client, nowMs } = this
    const enforced = this.options.enforceSignatures ?? false
    this.signatures = new NextcloudSignatures({ version, host, client, enforced, nowMs })
    return this
  }

  /** "Shared with you" → the three dots → share: asks the owner's server to do it. */
  async reshare(user: string, id: string, shareWith: string): Promise<CallAnswer> {
    const share = this.takenBy(user, id)
    return this.notify(share.peerHost, 'REQUEST_RESHARE', share.providerId, {
      ...{ sharedSecret: share.secret, shareWith, senderId: 1, shareType: 6 },
      message: 'Ask owner to reshare the file',
    })
  }

  /** Takes back what the owner's server passed on for this one; `made` is what that answered. */
  undoReshare(host: string, made: { providerId: string; token: string }): Promise<CallAnswer> {
    const details = { sharedSecret: made.token, message: 'reshare was revoked' }
    return this.notify(host, 'RESHARE_UNDO', made.providerId, details)
  }

  async acceptInvite(user: string, invite: string | { token: string; provider: string }): Promise<void> {
    if (this.version < 33) throw new Error(`Nextcloud ${this.version} has no way to accept an invitation`)
    const { token, provider } = typeof invite === 'string' ? readInvite(invite) : invite
    const { id: userID, email, displayName: name } = this.user(user)
    const body = { recipientProvider: this.host, token, userID, email, name }
    const answer = await this.post(provider, '/invite-accepted', JSON.stringify(body))
    const person = answer.json
    if (answer.status !== 200 || !isObject(person))
      throw new Error(`invitation: ${answer.status} ${answer.text}`)
    const id = String(person.userID ?? person.userId)
    this.addContact(user, { id, host: provider, name: String(person.name), email: String(person.email) })
  }

  protected override newShareId(): string {
    this.lastId += 1
    return String(this.lastId)
  }
  protected override newShareSecret(): string {
    return randomBytes(24)
      .toString('base64')
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(0, 15)
  }

  /** Only 201 is a success; for everything but a 500 the way of old servers is tried, too (recorded). */
  protected async announce(share: GivenShare, options: ShareOptions): Promise<void> {
    await this.announceBy(share, '', options.shareType ?? 'user')
  }

  protected async announceBy(share: GivenShare, sharedBy: string, shareType: string): Promise<void> {
    const { version, host } = this
    const peer = await this.discover(share.shareWith.host)
    const webdav =
      version >= 35 && peer.capabilities.includes('exchange-token')
        ? { uri: `${this.url}${WEBDAV}/`, sharedSecret: share.secret, permissions: share.permissions }
        : undefined
    const context = { version, host, shareType, sharedBy, ...(webdav ? { webdav } : {}) }
    const answer = await this.post(share.shareWith.host, '/shares', writeShare(share, context))
    if (answer.status === 201) return
    const why = `Failed to create share. (${answer.status} ${answer.text})`
    if (answer.status === 500) throw new Error(why)
    await this.client.call({ method: 'GET', url: `http://${share.shareWith.host}/ocs-provider/` })
    throw new Error(why)
  }

  protected override async tellUnshared(share: GivenShare): Promise<void> {
    const details = { sharedSecret: share.secret, message: 'file is no longer shared with you' }
    await this.notify(share.shareWith.host, 'SHARE_UNSHARED', share.id, details)
  }

  protected override async tellAccepted(share: TakenShare): Promise<void> {
    const details = { sharedSecret: share.secret, message: 'Recipient accept the share' }
    const answer = await this.notify(share.peerHost, 'SHARE_ACCEPTED', share.providerId, details)
    if (answer.status !== 201) throw new Error(`SHARE_ACCEPTED was answered ${answer.status} ${answer.text}`)
  }

  protected override async tellDeclined(share: TakenShare): Promise<void> {
    const details = { sharedSecret: share.secret, message: 'Recipient declined the share' }
    const answer = await this.notify(share.peerHost, 'SHARE_DECLINED', share.providerId, details)
    if (answer.status !== 201) throw new Error(`SHARE_DECLINED was answered ${answer.status} ${answer.text}`)
  }

  /** The secret as Basic user at the sender's prefix; from 35 on exchanged where the sender can. */
  protected async reader(share: TakenShare): Promise<DavReader> {
    const peer = await this.discover(share.peerHost)
    const { client } = this
    if (this.version >= 35 && share.uri !== undefined && peer.tokenEndPoint !== undefined) {
      const token = await exchangeSecret({
        client,
        signatures: this.signatures,
        peer,
        share,
        host: this.host,
      })
      return new DavReader({
        client,
        root: share.uri.replace(/\/$/, ''),
        manner: 'sabre',
        authorization: async () => `Bearer ${token}`,
      })
    }
    const root = new URL(peer.webdavPath, peer.endPoint).href.replace(/\/$/, '')
    const basic = `Basic ${Buffer.from(`${share.secret}:`).toString('base64')}`
    return new DavReader({ client, root, manner: 'sabre', authorization: async () => basic })
  }

  protected notify(host: string, notificationType: string, providerId: string, notification: object) {
    const wire = { notificationType, resourceType: 'file', providerId, notification }
    return this.post(host, '/notifications', phpJson(wire))
  }

  protected async post(host: string, path: string, text: string): Promise<CallAnswer> {
    const peer = await this.discover(host)
    // Not tidied up: an end point with a trailing slash gives two of them.
    const url = `${peer.endPoint}${path}`
    const body = Buffer.from(text)
    return this.client.call({
      ...{ method: 'POST', url, body },
      headers: {
        'content-type': 'application/json',
        ...this.signatures.sign(peer, url, body),
        ...{ 'User-Agent': 'Nextcloud Server Crawler', 'Accept-Encoding': 'gzip' },
      },
    })
  }

  protected async discover(host: string): Promise<NextcloudPeer> {
    const peer = await discoverAsNextcloud(this.client, splitCloudId(`x@${host}`).host, this.version)
    if (peer === undefined) throw new Error(`${host} could not be discovered`)
    return peer
  }
}
