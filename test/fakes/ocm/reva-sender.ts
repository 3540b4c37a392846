import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { readInvite } from './fake-readers.ts'
import type { FakeCloudOptions, GivenShare, ShareOptions, TakenShare } from './fake-types.ts'
import { isObject } from './http-server.ts'
import { isFilled } from './reva-common.ts'
import { webappOf } from './webapp.ts'

export const WEBDAV = '/remote.php/dav/ocm'
export const INVITE_MS = 86_400_000

export interface FakeRevaOptions extends FakeCloudOptions {
  /** Hosts whose shares are taken without an invitation before (`auto_accept_providers`). */
  autoAccept?: RegExp[]
  /** Token exchange, off unless configured. */
  exchangeTokens?: boolean
}

/** The half of Reva that speaks to others. */
export abstract class RevaSender extends FakeCloud {
  protected readonly manner = 'go' as const
  protected readonly options: FakeRevaOptions

  constructor(options: FakeRevaOptions) {
    super(options)
    this.options = options
  }

  async acceptInvite(user: string, invite: string | { token: string; provider: string }): Promise<void> {
    const { token, provider } = typeof invite === 'string' ? readInvite(invite) : invite
    const { id: userID, email, displayName: name } = this.user(user)
    const wire = { userID, email, name, recipientProvider: this.host, token }
    const answer = await this.post(await this.endPointOf(provider), '/invite-accepted', wire)
    if (answer.status !== 200 || !isObject(answer.json))
      throw new Error(`invitation: ${answer.status} ${answer.text}`)
    const { userID: id, name: theirs, email: mail } = answer.json
    this.addContact(user, { id: String(id), host: provider, name: String(theirs), email: String(mail) })
  }

  /** Discovery of the receiver comes first; 200 and 201 are good, an empty body is not. */
  protected async announce(share: GivenShare, options: ShareOptions): Promise<void> {
    const person = `${share.owner.id}@${this.host}`
    const wire = {
      shareWith: `${share.shareWith.id}@${share.shareWith.host}`,
      ...{ name: share.name, description: '', providerId: share.id, owner: person, sender: person },
      ...{ ownerDisplayName: '', senderDisplayName: share.owner.displayName, code: '', shareType: 'user' },
      resourceType: share.isFolder ? 'folder' : 'file',
      expiration: options.expiresAtMs === undefined ? 0 : Math.floor(options.expiresAtMs / 1000),
      protocol: {
        name: 'multi',
        options: {},
        webdav: {
          ...{ sharedSecret: share.secret, permissions: share.permissions },
          ...(this.options.exchangeTokens ? { requirements: ['must-exchange-token'] } : {}),
          uri: `${this.url}${WEBDAV}/${share.id}`,
        },
        ...webappOf(share, this.url, options.webapp),
      },
    }
    const answer = await this.post(await this.endPointOf(share.shareWith.host), '/shares', wire)
    if (answer.status === 401 || answer.status === 403) throw new Error('service not trusted')
    if (![200, 201].includes(answer.status)) throw new Error(`share: ${answer.status} ${answer.text}`)
    if (answer.json === undefined) throw new Error(`the answer to the share is not JSON: "${answer.text}"`)
  }

  /** Exchanged at every access where it has to be; otherwise Bearer, and after a 401 Basic. */
  protected async reader(share: TakenShare): Promise<DavReader> {
    const root = (share.uri ?? '').replace(/\/$/, '')
    const { client } = this
    if (share.mustExchange)
      return new DavReader({
        client,
        root,
        manner: 'go',
        authorization: async () => `Bearer ${await this.exchange(share)}`,
      })
    const bearer = `Bearer ${share.secret}`
    const probe = await client.call({
      method: 'PROPFIND',
      url: root,
      headers: { Authorization: bearer, Depth: '0' },
    })
    const basic = `Basic ${Buffer.from(`${share.secret}:`).toString('base64')}`
    const authorization = probe.status === 401 ? basic : bearer
    return new DavReader({ client, root, manner: 'go', authorization: async () => authorization })
  }

  /** The end point is found by the host of the resource, not by that of the sender. */
  protected async exchange(share: TakenShare): Promise<string> {
    const found = await this.discover(new URL(share.uri ?? '').host)
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: this.host,
      code: share.secret,
    })
    const answer = await this.client.call({
      ...{ method: 'POST', url: String(found.tokenEndPoint), body: form.toString() },
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': 'Go-http-client/1.1' },
    })
    const token = isObject(answer.json) ? answer.json.access_token : undefined
    if (typeof token !== 'string') throw new Error(`token: ${answer.status} ${answer.text}`)
    return token
  }

  protected async endPointOf(host: string): Promise<string> {
    return String((await this.discover(host)).endPoint)
  }

  protected async discover(host: string): Promise<Record<string, unknown>> {
    for (const path of ['/.well-known/ocm', '/ocm-provider']) {
      const headers = { 'User-Agent': 'Go-http-client/1.1' }
      const answer = await this.client.call({ method: 'GET', url: `http://${host}${path}`, headers })
      if (answer.status === 200 && isObject(answer.json) && isFilled(answer.json.endPoint)) return answer.json
    }
    throw new Error(`${host} could not be discovered`)
  }

  protected post(endPoint: string, path: string, wire: object) {
    return this.client.call({
      ...{ method: 'POST', url: endPoint.replace(/\/$/, '') + path, body: JSON.stringify(wire) },
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'Go-http-client/1.1' },
    })
  }
}
