import { randomBytes, randomUUID } from 'node:crypto'
import { credentialOf } from './fake-readers.ts'
import type { TakenShare } from './fake-types.ts'
import { type FakeAnswer, type FakeRequest, findObject, isObject, json } from './http-server.ts'
import {
  coded,
  invalidParameter,
  isFilled,
  missingMember,
  splitOcmAddress,
  unknownProtocol,
} from './reva-common.ts'
import { type FakeRevaOptions, INVITE_MS, RevaSender, WEBDAV } from './reva-sender.ts'
import { APP, answerWebapp } from './webapp.ts'

/** Reva (CERNBox), master of 2026: discovers everybody at every share, signs nothing. */
export class FakeReva extends RevaSender {
  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    const { path, method } = request
    if (path === '/.well-known/ocm') return json(200, this.document(request.headers['user-agent']))
    if (path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    if (path.startsWith(APP)) return answerWebapp(this.given, request)
    if (method !== 'POST') return { status: 404 }
    if (path === '/ocm/shares') return this.takeShare(request)
    if (path === '/ocm/notifications') return { status: 201 }
    if (path === '/ocm/invite-accepted') return this.takeAcceptedInvite(request)
    if (path === '/ocm/token' && this.options.exchangeTokens) return this.giveToken(request)
    return { status: 404 }
  }

  private document(userAgent = ''): Record<string, unknown> {
    const { exchangeTokens = false } = this.options
    const protocols = { webdav: WEBDAV, 'webdav-receive': { uri: 'absolute' } }
    return {
      enabled: true,
      apiVersion: userAgent === 'Nextcloud Server Crawler' ? '1.1' : '1.3.0',
      endPoint: `${this.url}/ocm`,
      provider: 'CERNBox',
      resourceTypes: ['file', 'folder'].map((name) => ({ name, shareTypes: ['user'], protocols })),
      capabilities: [
        'invites',
        'protocol-object',
        'invite-wayf',
        ...(exchangeTokens ? ['exchange-token'] : []),
      ],
      criteria: ['must-invite'],
      inviteAcceptDialog: `${this.url}/open-cloud-mesh/accept-invite`,
      ...(exchangeTokens ? { tokenEndPoint: `${this.url}/ocm/token` } : {}),
    }
  }

  private async takeShare(request: FakeRequest): Promise<FakeAnswer> {
    const type = request.headers['content-type']
    if (type !== 'application/json') return invalidParameter(`content type ${type} not recognised`)
    const wire = findObject(request.body)
    if (wire === undefined) return invalidParameter('body request not recognised')
    const wrong = missingMember(wire) ?? unknownProtocol(wire.protocol, ['webdav', 'webapp'])
    if (wrong !== undefined) return wrong
    const { shareType, resourceType } = wire
    if (!['user', 'group', 'federation'].includes(String(shareType)))
      return invalidParameter('shareType not recognised')
    if (shareType === 'group') return coded(500, 'SERVER_ERROR', 'group shares are not supported')
    const from = splitOcmAddress(wire.sender)
    const access = await this.readAccess(wire, from.host)
    if ('status' in access) return access
    const { id } = splitOcmAddress(wire.shareWith)
    const user = this.users.find((one) => one.id === id)
    if (!this.isAccepted(id, from)) return coded(401, 'UNAUTHENTICATED', 'sender is not an accepted user')
    if (user === undefined) return coded(404, 'RESOURCE_NOT_FOUND', 'user not found')
    this.taken.push({
      ...{
        id: randomUUID(),
        user: user.name,
        name: String(wire.name),
        peerHost: from.host,
        state: 'pending',
      },
      ...{ owner: String(wire.owner), sender: String(wire.sender), providerId: String(wire.providerId) },
      ...{ resourceType: String(resourceType), ...access },
    })
    return json(201, {})
  }

  /** The sender's discovery has to list the resource type with the protocol. */
  private async readAccess(
    wire: Record<string, unknown>,
    senderHost: string,
  ): Promise<FakeAnswer | Pick<TakenShare, 'uri' | 'secret' | 'permissions' | 'mustExchange'>> {
    const found = await this.discover(senderHost).catch(() => undefined)
    if (found === undefined) return invalidParameter(`discovery of ${senderHost} failed`)
    const prefix = webdavPrefix(found, String(wire.resourceType))
    if (prefix === undefined)
      return invalidParameter(`${wire.resourceType} with webdav is not supported by the sender`)
    const protocol = isObject(wire.protocol) ? wire.protocol : {}
    const endPoint = String(found.endPoint)
    const options = isObject(protocol.options) ? protocol.options : {}
    if (!isObject(protocol.webdav)) {
      if (!isFilled(options.sharedSecret)) return invalidParameter('no protocol that is supported')
      const uri = new URL(prefix, endPoint).href
      return { uri, secret: options.sharedSecret, permissions: ['read', 'write', 'share'] }
    }
    const { uri, sharedSecret, permissions, requirements } = protocol.webdav
    const demands = Array.isArray(requirements) ? requirements : []
    if (demands.some((one) => one !== 'must-exchange-token'))
      return invalidParameter('requirement not supported')
    if (!isFilled(uri) || !isFilled(sharedSecret)) return invalidParameter('webdav is not complete')
    return {
      uri: absolute(uri, endPoint, prefix),
      secret: sharedSecret,
      permissions: Array.isArray(permissions) ? permissions.map(String) : [],
      mustExchange: demands.length > 0,
    }
  }

  private isAccepted(userId: string, from: { id: string; host: string }): boolean {
    if ((this.options.autoAccept ?? []).some((pattern) => pattern.test(from.host))) return true
    const user = this.users.find((one) => one.id === userId)
    return this.contactsOf(user?.name ?? '').some((one) => one.id === from.id && one.host === from.host)
  }

  /** A token serves several people within its day. */
  private takeAcceptedInvite(request: FakeRequest): FakeAnswer {
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    const wire: Record<string, unknown> = isForm
      ? Object.fromEntries(new URLSearchParams(request.body.toString('utf8')))
      : (findObject(request.body) ?? {})
    const { token, userID, recipientProvider, name = '', email = '' } = wire
    if (!isFilled(token) || !isFilled(userID) || !isFilled(recipientProvider))
      return invalidParameter('token, userID and recipiendProvider must not be null')
    const invite = this.invites.find((one) => one.token === token)
    if (invite === undefined || this.nowMs() > invite.createdAtMs + INVITE_MS)
      return invalidParameter('invalid or non existing token')
    const host = recipientProvider.replace(/^https?:\/\//, '')
    const { user } = invite
    if (this.contactsOf(user.name).some((one) => one.id === userID && one.host === host))
      return coded(409, 'ALREADY_EXISTS', 'user already known')
    this.addContact(user.name, { id: userID, host, name: String(name), email: String(email) })
    return json(200, { userID: user.id, email: user.email, name: user.displayName })
  }

  private giveToken(request: FakeRequest): FakeAnswer {
    const form = new URLSearchParams(request.body.toString('utf8'))
    const grant = form.get('grant_type') ?? ''
    if (grant === '' || !form.get('code')) return json(400, { error: 'invalid_request' })
    if (!['authorization_code', 'ocm_share'].includes(grant))
      return json(400, { error: 'unsupported_grant_type' })
    const share = this.given.find((one) => one.secret === form.get('code'))
    if (share === undefined) return json(400, { error: 'invalid_grant' })
    share.accessToken = `ey.${randomBytes(24).toString('base64url')}`
    return json(200, { access_token: share.accessToken, token_type: 'Bearer', expires_in: 300 })
  }

  private async serveShare(request: FakeRequest): Promise<FakeAnswer> {
    const [id = ''] = request.path.slice(WEBDAV.length + 1).split('/')
    const share = this.given.find((one) => one.id === id)
    const credential = credentialOf(request)
    if (share === undefined || credential === undefined) return { status: 401 }
    const shown = 'bearer' in credential ? credential.bearer : credential.basic.split(':')[0]
    const rawIsGood = !this.options.exchangeTokens && shown === share.secret
    const isGood = rawIsGood || ('bearer' in credential && shown === share.accessToken)
    return isGood ? this.serve(share, request, `${WEBDAV}/${id}`) : { status: 401 }
  }
}

function webdavPrefix(document: Record<string, unknown>, resourceType: string): string | undefined {
  const types = Array.isArray(document.resourceTypes) ? document.resourceTypes.filter(isObject) : []
  const protocols = types.find((type) => type.name === resourceType)?.protocols
  return isObject(protocols) && typeof protocols.webdav === 'string' ? protocols.webdav : undefined
}

/** A relative address is put below the prefix, one with a slash below the host of the end point. */
function absolute(uri: string, endPoint: string, prefix: string): string {
  if (/^https?:\/\//.test(uri)) return uri
  return uri.startsWith('/')
    ? new URL(uri, endPoint).href
    : new URL(`${prefix.replace(/\/$/, '')}/${uri}`, endPoint).href
}

export async function startFakeReva(options: FakeRevaOptions): Promise<FakeReva> {
  return new FakeReva(options).start(options.name ?? 'reva')
}
