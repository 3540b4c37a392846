import { randomBytes } from 'node:crypto'
import { DavReader } from './dav-reader.ts'
import { FakeCloud } from './fake-cloud.ts'
import { credentialOf, drop } from './fake-readers.ts'
import type { FakeCloudOptions, GivenShare, TakenShare } from './fake-types.ts'
import type { CallAnswer } from './http-client.ts'
import { type FakeAnswer, type FakeRequest, findObject, html, isObject, json } from './http-server.ts'
import { phpJson, splitCloudId } from './nextcloud-messages.ts'

const WEBDAV = '/public.php/webdav'
const END_POINT = '/index.php/apps/federatedfilesharing'
const REQUIRED = ['shareWith', 'name', 'providerId', 'owner', 'shareType', 'resourceType']

/** A refusal in ownCloud's words. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** ownCloud 10: the oldest form of the protocol, no signatures, no invitations. */
export class FakeOwncloud10 extends FakeCloud {
  protected readonly manner = 'sabre' as const
  private lastId = 0

  /** Tells the owner's server that a share it passed on for us has other permissions now. */
  async changePermission(shareId: string, permission: string[]): Promise<CallAnswer> {
    const share = this.given.find((one) => one.id === shareId)
    if (share === undefined) throw new Error(`no share ${shareId} here`)
    const details = { sharedSecret: share.secret, permission, message: 'permission updated' }
    return this.notify(share.shareWith.host, 'RESHARE_CHANGE_PERMISSION', share.id, details)
  }

  async reshare(user: string, id: string, shareWith: string): Promise<CallAnswer> {
    const { peerHost, providerId, secret } = this.takenBy(user, id)
    const details = { sharedSecret: secret, shareWith, senderId: 7, shareType: 'user' }
    return this.notify(peerHost, 'REQUEST_RESHARE', providerId, details)
  }

  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    const { path, method } = request
    if (/^\/ocm-provider(\/(index\.php)?)?$/.test(path)) return json(200, this.document())
    if (path === WEBDAV || path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    if (method === 'POST' && path === `${END_POINT}/shares`) return refusable(() => this.takeShare(request))
    if (method === 'POST' && path === `${END_POINT}/notifications`)
      return refusable(() => this.takeNotification(request))
    return (await this.links.answer(request)) ?? html(404, 'File not found')
  }

  protected override newShareId(): string {
    this.lastId += 1
    return String(this.lastId)
  }
  protected override newShareSecret(): string {
    return randomBytes(24).toString('hex').slice(0, 15)
  }

  protected announce(share: GivenShare): Promise<void> {
    return this.announceBy(share, `${share.owner.id}@${this.host}`, share.owner.displayName)
  }

  private async announceBy(share: GivenShare, sender: string, senderDisplayName: string): Promise<void> {
    const wire = {
      shareWith: `${share.shareWith.id}@${share.shareWith.host}`,
      ...{ name: share.name, description: '', providerId: share.id },
      ...{ owner: `${share.owner.id}@${this.host}`, ownerDisplayName: share.owner.displayName },
      ...{ sender, senderDisplayName, shareType: 'user', resourceType: 'file' },
      protocol: { name: 'webdav', options: { sharedSecret: share.secret } },
    }
    const answer = await this.post(share.shareWith.host, '/shares', wire)
    if (answer.status !== 201) throw new Error(`share: ${answer.status} ${answer.text}`)
  }

  protected override async tellUnshared(share: GivenShare): Promise<void> {
    const details = { sharedSecret: share.secret, message: 'unshared' }
    await this.notify(share.shareWith.host, 'SHARE_UNSHARED', share.id, details)
  }
  protected override async tellAccepted(share: TakenShare): Promise<void> {
    await this.notify(share.peerHost, 'SHARE_ACCEPTED', share.providerId, { sharedSecret: share.secret })
  }
  protected override async tellDeclined(share: TakenShare): Promise<void> {
    await this.notify(share.peerHost, 'SHARE_DECLINED', share.providerId, { sharedSecret: share.secret })
  }

  protected async reader(share: TakenShare): Promise<DavReader> {
    const { webdav } = await this.discover(share.peerHost)
    const root = new URL(webdav, `http://${share.peerHost}`).href.replace(/\/$/, '')
    const basic = `Basic ${Buffer.from(`${share.secret}:`).toString('base64')}`
    return new DavReader({ client: this.client, root, manner: 'sabre', authorization: async () => basic })
  }

  private document(): Record<string, unknown> {
    return {
      ...{ enabled: true, apiVersion: '1.0-proposal1', endPoint: `${this.url}${END_POINT}` },
      shareTypes: [{ name: 'file', protocols: { webdav: `${WEBDAV}/` } }],
    }
  }

  private takeShare(request: FakeRequest): FakeAnswer {
    const wire = findObject(request.body) ?? {}
    requireMembers(wire, REQUIRED)
    const { protocol, shareType, resourceType } = wire
    const options = isObject(protocol) && isObject(protocol.options) ? protocol.options : {}
    if (!isObject(protocol) || !protocol.name || options.sharedSecret === undefined)
      throw new Refusal(400, 'server can not add remote share, missing parameter')
    if (/[/\\]/.test(String(wire.name)))
      throw new Refusal(400, 'The mountpoint name contains invalid characters.')
    if (protocol.name !== 'webdav') throw new Refusal(501, `Protocol ${protocol.name} is not supported`)
    if (shareType !== 'user') throw new Refusal(501, `ShareType ${shareType} is not supported`)
    if (resourceType !== 'file') throw new Refusal(501, `ResourceType ${resourceType} is not supported`)
    const { id } = splitCloudId(String(wire.shareWith))
    if (!this.users.some((user) => user.name === id)) throw new Refusal(400, `User ${id} does not exist`)
    const owner = String(wire.owner)
    this.taken.push({
      ...{ id: String(this.taken.length + 1), user: id, name: String(wire.name), owner },
      ...{ sender: String(wire.sender ?? owner), peerHost: splitCloudId(owner).host, state: 'pending' },
      ...{ providerId: String(wire.providerId), secret: String(options.sharedSecret) },
      ...{ resourceType: 'file', permissions: [] },
    })
    return json(201, [])
  }

  private async takeNotification(request: FakeRequest): Promise<FakeAnswer> {
    const { notificationType: type, resourceType, providerId, notification } = findObject(request.body) ?? {}
    if (!isObject(notification)) throw new Refusal(400, 'server can not add remote share, missing parameter')
    const secret = notification.sharedSecret
    requireMembers({ type, resourceType, providerId, sharedSecret: secret }, [
      'type',
      'resourceType',
      'providerId',
      'sharedSecret',
    ])
    if (resourceType !== 'file') throw new Refusal(501, `ResourceType ${resourceType} is not supported`)
    if (type === 'SHARE_UNSHARED') {
      for (const share of this.taken.filter((one) => one.providerId === providerId && one.secret === secret))
        drop(this.taken, share)
      return json(201, [])
    }
    const known = ['SHARE_ACCEPTED', 'SHARE_DECLINED', 'REQUEST_RESHARE', 'RESHARE_CHANGE_PERMISSION']
    if (!known.includes(String(type))) throw new Refusal(501, `Notification of type ${type} is not supported`)
    const needed = { REQUEST_RESHARE: ['shareWith', 'senderId'], RESHARE_CHANGE_PERMISSION: ['permission'] }
    requireMembers(notification, needed[type as keyof typeof needed] ?? [])
    const share = this.given.find((one) => one.id === providerId && one.secret === secret)
    if (share === undefined) throw new Refusal(403, 'Forbidden')
    return this.follow(String(type), share, notification)
  }

  private async follow(
    type: string,
    share: GivenShare,
    details: Record<string, unknown>,
  ): Promise<FakeAnswer> {
    if (type === 'SHARE_ACCEPTED') share.state = 'accepted'
    if (type === 'SHARE_DECLINED') drop(this.given, share)
    if (type === 'RESHARE_CHANGE_PERMISSION')
      share.permissions = details.permission as GivenShare['permissions']
    if (type !== 'REQUEST_RESHARE') return json(201, [])
    if (!share.permissions.includes('share')) throw new Refusal(403, 'Forbidden')
    const more = { id: this.newShareId(), secret: this.newShareSecret(), state: 'sent' as const }
    const passed = { ...share, ...more, shareWith: splitCloudId(String(details.shareWith)) }
    this.given.push(passed)
    await this.announceBy(passed, `${share.shareWith.id}@${share.shareWith.host}`, share.shareWith.id)
    return json(201, { sharedSecret: passed.secret, providerId: passed.id })
  }

  private async serveShare(request: FakeRequest): Promise<FakeAnswer> {
    const credential = credentialOf(request)
    const secret = credential && 'basic' in credential ? credential.basic.split(':')[0] : undefined
    const share = this.given.find((one) => one.secret === secret)
    return share === undefined ? html(401, 'Cannot authenticate') : this.serve(share, request, WEBDAV)
  }

  private async notify(host: string, notificationType: string, providerId: string, notification: object) {
    return this.post(host, '/notifications', {
      notificationType,
      resourceType: 'file',
      providerId,
      notification,
    })
  }

  private async post(host: string, path: string, wire: object): Promise<CallAnswer> {
    const { endPoint } = await this.discover(host)
    const headers = { 'Content-Type': 'application/json' }
    return this.client.call({ method: 'POST', url: endPoint + path, headers, body: phpJson(wire) })
  }

  /** `enabled` has to be true; `shareTypes` or `resourceTypes`, whichever there is. */
  private async discover(host: string): Promise<{ endPoint: string; webdav: string }> {
    const { json: found } = await this.client.call({ method: 'GET', url: `http://${host}/ocm-provider/` })
    if (!isObject(found) || found.enabled !== true) throw new Error(`${host} could not be discovered`)
    const types = found.shareTypes ?? found.resourceTypes
    const file = Array.isArray(types)
      ? types.find((type) => isObject(type) && type.name === 'file')
      : undefined
    return { endPoint: String(found.endPoint), webdav: String(file?.protocols?.webdav ?? WEBDAV) }
  }
}

function requireMembers(wire: Record<string, unknown>, names: string[]): void {
  const missing = names.filter((name) => wire[name] === undefined || wire[name] === null)
  if (missing.length > 0) throw new Refusal(400, `Required parameters are missing: ${missing.join(', ')}`)
}

async function refusable(act: () => FakeAnswer | Promise<FakeAnswer>): Promise<FakeAnswer> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Refusal) return json(error.status, { message: error.message })
    throw error
  }
}

export async function startFakeOwncloud10(options: FakeCloudOptions): Promise<FakeOwncloud10> {
  return new FakeOwncloud10(options).start(options.name ?? 'oc10')
}
