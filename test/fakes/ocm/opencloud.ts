import { randomUUID } from 'node:crypto'
import { credentialOf, drop } from './fake-readers.ts'
import type { FakeUser } from './fake-types.ts'
import { type FakeAnswer, type FakeRequest, findObject, isObject, json } from './http-server.ts'
import { type FakeOpencloudOptions, INVITE_MS, OpencloudSender, WEBDAV } from './opencloud-sender.ts'
import {
  coded,
  invalidParameter,
  isFilled,
  missingMember,
  splitOcmAddress,
  unknownProtocol,
} from './reva-common.ts'

export type { FakeOpencloudOptions } from './opencloud-sender.ts'

/** OpenCloud as recorded, or oCIS: no discovery of others, no signatures, no pending shares. */
export class FakeOpencloud extends OpencloudSender {
  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    const { path, method } = request
    if (path === '/.well-known/ocm') return json(200, this.document(request.headers['user-agent']))
    if (path === WEBDAV || path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    if (method === 'POST' && path === '/ocm/shares') return this.takeShare(request)
    if (method === 'POST' && path === '/ocm/notifications') return this.takeNotification(request)
    if (method === 'POST' && path === '/ocm/invite-accepted') return this.takeAcceptedInvite(request)
    return { status: path.startsWith('/ocm/') ? 404 : 502 }
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
}

function permissionsIn(protocol: unknown): string[] {
  const webdav = isObject(protocol) && isObject(protocol.webdav) ? protocol.webdav : {}
  return Array.isArray(webdav.permissions) ? webdav.permissions.map(String) : []
}

export async function startFakeOpencloud(options: FakeOpencloudOptions): Promise<FakeOpencloud> {
  return new FakeOpencloud(options).start(options.name ?? (options.ocis ? 'ocis' : 'opencloud'))
}
