import { randomBytes, randomUUID } from 'node:crypto'
import { credentialOf, drop } from './fake-readers.ts'
import type { TakenShare } from './fake-types.ts'
import { type FakeAnswer, type FakeRequest, findObject, isObject, json } from './http-server.ts'
import { invalidMembers, type OcmGoPeer, Refusal, readAccess, refusable } from './ocm-go-rules.ts'
import { type FakeOcmGoOptions, OcmGoSender, WEBDAV } from './ocm-go-sender.ts'
import { isFilled, splitOcmAddress } from './reva-common.ts'
import { openRfc9421, type PublicJwk } from './rfc9421.ts'

/** opencloudmesh-go: OCM 1.4 to the letter, single read-only files, everything signed and exchanged. */
export class FakeOcmGo extends OcmGoSender {
  private readonly seen = new Map<string, string>()

  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    try {
      return await this.route(request)
    } catch (error) {
      if (error instanceof Refusal) return json(error.status, { message: error.message })
      throw error
    }
  }

  private async route(request: FakeRequest): Promise<FakeAnswer> {
    const { path, method } = request
    if (path === '/.well-known/ocm') return json(200, this.document())
    if (path === '/ocm/jwks') return json(200, { keys: [this.jwk()] })
    if (path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    if (method !== 'POST') return json(404, { message: 'NOT_FOUND' })
    if (path === '/ocm/shares') return this.takeShare(request)
    if (path === '/ocm/notifications') return this.takeNotification(request)
    if (path === '/ocm/invite-accepted') return this.takeAcceptedInvite(request)
    if (path === '/ocm/token') return this.giveToken(request)
    return json(404, { message: 'NOT_FOUND' })
  }

  private document(): Record<string, unknown> {
    const protocols = { webdav: `${WEBDAV}/`, 'webdav-receive': { uri: 'relative' } }
    return {
      ...{ enabled: true, apiVersion: '1.4.0', endPoint: `${this.url}/ocm`, provider: 'OpenCloudMesh Go' },
      resourceTypes: this.resourceTypes().map((name) => ({ name, shareTypes: ['user'], protocols })),
      capabilities: [
        'exchange-token',
        'http-sig',
        'invites',
        'invite-wayf',
        'notifications',
        'protocol-object',
      ],
      criteria: ['must-use-http-sig', 'must-exchange-token', ...(this.mustInvite ? ['must-invite'] : [])],
      inviteAcceptDialog: `${this.url}/ui/accept-invite`,
      jwksUri: `${this.url}/ocm/jwks`,
      tokenEndPoint: `${this.url}/ocm/token`,
    }
  }

  private resourceTypes(): string[] {
    return this.knowsFolders ? ['file', 'folder'] : ['file']
  }

  private jwk(): PublicJwk {
    return {
      ...this.keys.publicKey.export({ format: 'jwk' }),
      kid: `${this.host}#key1`,
      alg: 'Ed25519',
      use: 'sig',
    }
  }

  private async takeShare(request: FakeRequest): Promise<FakeAnswer> {
    const wire = findObject(request.body)
    if (wire === undefined) throw new Refusal(400, 'INVALID_FORMAT')
    const needed = [
      'shareWith',
      'name',
      'providerId',
      'owner',
      'sender',
      'shareType',
      'resourceType',
      'protocol',
    ]
    const missing = needed.filter((name) => !wire[name])
    if (missing.length > 0) return invalidMembers(missing, 'REQUIRED')
    const from = splitOcmAddress(wire.sender)
    const peer = await this.prove(request, from.host)
    if (splitOcmAddress(wire.owner).host !== from.host) throw new Refusal(403, 'OWNER_NOT_ON_SENDING_SERVER')
    if (wire.shareType !== 'user') throw new Refusal(501, 'SHARE_TYPE_NOT_SUPPORTED')
    if (!this.resourceTypes().includes(String(wire.resourceType)))
      throw new Refusal(501, 'RESOURCE_TYPE_NOT_SUPPORTED')
    const access = readAccess(wire.protocol)
    if (!peer.capabilities.includes('exchange-token') || peer.tokenEndPoint === undefined)
      return invalidMembers(['protocol.webdav.requirements'], 'UNSUPPORTED')
    const to = splitOcmAddress(wire.shareWith)
    const user = this.users.find((one) => one.id === to.id)
    if (user === undefined || to.host !== this.host) return invalidMembers(['shareWith'], 'NOT_FOUND')
    const isContact = this.contactsOf(user.name).some((one) => one.id === from.id && one.host === from.host)
    if (this.mustInvite && !isContact) throw new Refusal(403, 'SENDER_NOT_INVITED')
    this.keepOnce(wire, { ...access, user: user.name, peerHost: from.host })
    return json(201, { recipientDisplayName: user.displayName })
  }

  /** The same share again is fine, another one under its id is not. */
  private keepOnce(
    wire: Record<string, unknown>,
    more: Pick<TakenShare, 'uri' | 'secret' | 'user' | 'peerHost'>,
  ): void {
    const key = `${more.peerHost} ${wire.providerId}`
    const text = JSON.stringify(wire)
    const before = this.seen.get(key)
    if (before !== undefined && before !== text) throw new Refusal(409, 'SHARE_CHANGED')
    if (before !== undefined) return
    this.seen.set(key, text)
    this.taken.push({
      ...{ ...more, id: randomUUID(), name: String(wire.name), state: 'pending' },
      ...{ owner: String(wire.owner), sender: String(wire.sender), providerId: String(wire.providerId) },
      ...{ resourceType: String(wire.resourceType), permissions: ['read'], mustExchange: true },
    })
  }

  private async takeNotification(request: FakeRequest): Promise<FakeAnswer> {
    const { notificationType: type, providerId } = findObject(request.body) ?? {}
    if (!isFilled(type) || !isFilled(providerId)) throw new Refusal(400, 'REQUIRED')
    const taken = this.taken.find((one) => one.providerId === providerId)
    const given = this.given.find((one) => one.id === providerId)
    const peerHost = taken?.peerHost ?? given?.shareWith.host
    if (peerHost === undefined) throw new Refusal(400, 'RESOURCE_NOT_FOUND')
    await this.prove(request, peerHost)
    if (type === 'SHARE_UNSHARED' && taken) drop(this.taken, taken)
    else if (type === 'SHARE_ACCEPTED' && given) given.state = 'accepted'
    else if (type === 'SHARE_DECLINED' && given) drop(this.given, given)
    return json(201, {})
  }

  private async takeAcceptedInvite(request: FakeRequest): Promise<FakeAnswer> {
    const { recipientProvider, token, userID, email, name } = findObject(request.body) ?? {}
    const all = { recipientProvider, token, userID, email, name }
    const missing = Object.entries(all).filter(([, value]) => typeof value !== 'string')
    if (missing.length > 0)
      return invalidMembers(
        missing.map(([key]) => key),
        'REQUIRED',
      )
    const host = String(recipientProvider)
    if (host.includes('://')) return invalidMembers(['recipientProvider'], 'INVALID_FORMAT')
    await this.prove(request, host)
    const invite = this.invites.find((one) => one.token === token)
    if (invite === undefined) throw new Refusal(400, 'TOKEN_INVALID')
    if (invite.acceptedBy !== undefined) throw new Refusal(409, 'INVITE_ALREADY_ACCEPTED')
    invite.acceptedBy = `${userID}@${host}`
    this.addContact(invite.user.name, { id: String(userID), host, name: String(name), email: String(email) })
    return json(200, { userID: invite.user.id, email: invite.user.email, name: invite.user.displayName })
  }

  private async giveToken(request: FakeRequest): Promise<FakeAnswer> {
    const form = new URLSearchParams(request.body.toString('utf8'))
    const oauth = (error: string) => json(400, { error })
    if (form.get('grant_type') !== 'authorization_code') return oauth('unsupported_grant_type')
    const clientId = form.get('client_id') ?? ''
    if (clientId === '' || !form.get('code')) return oauth('invalid_request')
    const proven = await this.prove(request, clientId).catch((error: unknown) => error)
    if (proven instanceof Refusal) return oauth('invalid_client')
    const share = this.given.find((one) => one.secret === form.get('code') && one.shareWith.host === clientId)
    if (share === undefined) return oauth('invalid_grant')
    share.accessToken = randomBytes(24).toString('base64url')
    return json(200, { access_token: share.accessToken, token_type: 'Bearer', expires_in: 300 })
  }

  private async serveShare(request: FakeRequest): Promise<FakeAnswer> {
    const [id = ''] = request.path.slice(WEBDAV.length + 1).split('/')
    const share = this.given.find((one) => one.id === id)
    const credential = credentialOf(request)
    const isGood = credential && 'bearer' in credential && credential.bearer === share?.accessToken
    return share && isGood ? this.serve(share, request, `${WEBDAV}/${id}`) : { status: 401 }
  }

  /** The key is looked up at the host that the message speaks for, never at that of its id. */
  private async prove(request: FakeRequest, host: string): Promise<OcmGoPeer> {
    const signed = refusable(() =>
      openRfc9421({ ...request, targetUri: this.url + request.uri }, 'tag', this.nowMs()),
    )
    const peer = await this.discover(host)
    if (peer.jwksUri === undefined) throw new Refusal(401, 'KEY_NOT_FOUND')
    const answer = await this.client.call({ method: 'GET', url: peer.jwksUri })
    const keys = isObject(answer.json) && Array.isArray(answer.json.keys) ? answer.json.keys : []
    refusable(() => signed.check(keys as PublicJwk[]))
    return peer
  }
}

export async function startFakeOcmGo(options: FakeOcmGoOptions): Promise<FakeOcmGo> {
  return new FakeOcmGo(options).start(options.name ?? 'ocmgo')
}
