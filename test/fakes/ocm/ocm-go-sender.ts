import { generateKeyPairSync } from 'node:crypto'
import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { readInvite } from './fake-readers.ts'
import type { FakeCloudOptions, GivenShare, TakenShare } from './fake-types.ts'
import { isObject } from './http-server.ts'
import { type OcmGoPeer, Refusal, toPeer } from './ocm-go-rules.ts'
import { isFilled } from './reva-common.ts'
import { signRfc9421 } from './rfc9421.ts'

export const WEBDAV = '/webdav/ocm'

export interface FakeOcmGoOptions extends FakeCloudOptions {
  /** Off: shares of people nobody here has invited are taken, too. */
  mustInvite?: boolean
  /** Folders are shared and taken, too, and addresses given relative to the prefix of discovery, whoever asks. */
  folders?: boolean
}

/** The half of opencloudmesh-go that speaks to others. */
export abstract class OcmGoSender extends FakeCloud {
  protected readonly manner = 'go' as const
  protected readonly mustInvite: boolean
  protected readonly knowsFolders: boolean
  protected readonly keys = generateKeyPairSync('ed25519')
  /** By share, kept as long as this fake runs. */
  private readonly tokens = new Map<string, string>()

  constructor(options: FakeOcmGoOptions) {
    super(options)
    this.mustInvite = options.mustInvite ?? true
    this.knowsFolders = options.folders ?? false
  }

  async acceptInvite(user: string, invite: string | { token: string; provider: string }): Promise<void> {
    const { token, provider } = typeof invite === 'string' ? readInvite(invite) : invite
    const { id: userID, email, displayName: name } = this.user(user)
    const peer = await this.discover(provider)
    const answer = await this.post(peer, '/invite-accepted', {
      recipientProvider: this.host,
      token,
      userID,
      email,
      name,
    })
    if (answer.status !== 200 || !isObject(answer.json))
      throw new Error(`invitation: ${answer.status} ${answer.text}`)
    const { userID: id, name: theirs, email: mail } = answer.json
    this.addContact(user, { id: String(id), host: provider, name: String(theirs), email: String(mail) })
  }

  /** Only single files, only to read; a peer that cannot exchange tokens is not sent to. */
  protected async announce(share: GivenShare): Promise<void> {
    const isKnown = !share.isFolder || this.knowsFolders
    if (!isKnown || share.permissions.join() !== 'read') throw new Error('only files, only to read')
    const peer = await this.discover(share.shareWith.host)
    if (!peer.capabilities.includes('exchange-token')) throw new Error(`${peer.host} cannot exchange tokens`)
    const person = `${share.owner.id}@${this.host}`
    const isRelative = peer.wantsRelative || this.knowsFolders
    const uri = isRelative ? share.id : `${this.url}${WEBDAV}/${share.id}`
    const answer = await this.post(peer, '/shares', {
      shareWith: `${share.shareWith.id}@${share.shareWith.host}`,
      ...{ name: share.name, providerId: share.id, owner: person, sender: person },
      ...{ ownerDisplayName: share.owner.displayName, senderDisplayName: share.owner.displayName },
      ...{ shareType: 'user', resourceType: share.isFolder ? 'folder' : 'file' },
      protocol: {
        name: 'multi',
        webdav: {
          uri,
          sharedSecret: share.secret,
          permissions: ['read'],
          requirements: ['must-exchange-token'],
        },
      },
    })
    if (answer.status !== 201) throw new Error(`share: ${answer.status} ${answer.text}`)
  }

  protected async reader(share: TakenShare): Promise<DavReader> {
    const peer = await this.discover(share.peerHost)
    const token = this.tokens.get(share.id) ?? (await this.exchange(peer, share))
    this.tokens.set(share.id, token)
    const root = new URL(`${peer.webdavPath.replace(/\/$/, '')}/${share.uri}`, peer.endPoint).href
    return new DavReader({
      client: this.client,
      root,
      manner: 'go',
      authorization: async () => `Bearer ${token}`,
    })
  }

  private async exchange(peer: OcmGoPeer, share: TakenShare): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: this.host,
      code: share.secret,
    })
    const url = peer.tokenEndPoint ?? ''
    const body = Buffer.from(form.toString())
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...this.sign(url, body) }
    const answer = await this.client.call({ method: 'POST', url, headers, body })
    const token = isObject(answer.json) ? answer.json.access_token : undefined
    if (!isFilled(token)) throw new Error(`token: ${answer.status} ${answer.text}`)
    return token
  }

  /** Everything a peer names has to be on the peer's own authority. */
  protected async discover(host: string): Promise<OcmGoPeer> {
    const answer = await this.client.call({ method: 'GET', url: `http://${host}/.well-known/ocm` })
    const found = answer.status === 200 && isObject(answer.json) ? answer.json : undefined
    if (found === undefined || !isFilled(found.endPoint) || found.enabled !== true)
      throw new Refusal(401, 'SENDER_NOT_DISCOVERABLE')
    for (const name of ['endPoint', 'tokenEndPoint', 'inviteAcceptDialog']) {
      const value = found[name]
      if (isFilled(value) && new URL(value, `http://${host}`).host !== host)
        throw new Refusal(401, 'ENDPOINT_AUTHORITY_MISMATCH')
    }
    return toPeer(host, found)
  }

  protected sign(url: string, body: Buffer): Record<string, string> {
    const key = { kid: `${this.host}#key1`, alg: 'Ed25519', privateKey: this.keys.privateKey }
    return signRfc9421(key, { url, body, profile: 'tag', nowMs: this.nowMs() })
  }

  protected post(peer: OcmGoPeer, path: string, wire: object) {
    const url = peer.endPoint.replace(/\/$/, '') + path
    const body = Buffer.from(JSON.stringify(wire))
    const headers = { 'Content-Type': 'application/json', ...this.sign(url, body) }
    return this.client.call({ method: 'POST', url, headers, body })
  }
}
