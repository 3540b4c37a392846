import { credentialOf, drop } from './fake-readers.ts'
import type { GivenShare, TakenShare } from './fake-types.ts'
import { type FakeAnswer, type FakeRequest, findObject, html, json } from './http-server.ts'
import { invalid, judgeShare, readNotification, splitCloudId } from './nextcloud-messages.ts'
import { nextcloudDocument } from './nextcloud-peers.ts'
import { type FakeNextcloudOptions, INVITE_MS, NextcloudSender, WEBDAV } from './nextcloud-sender.ts'
import { SignatureRefusal } from './nextcloud-signatures.ts'
import { answerTokenRequest } from './nextcloud-token.ts'

export type { FakeNextcloudOptions } from './nextcloud-sender.ts'

/** Nextcloud: 32 as recorded on the wire, the others as their source and the reference have them. */
export class FakeNextcloud extends NextcloudSender {
  protected async answer(request: FakeRequest): Promise<FakeAnswer> {
    const path = request.path.replace(/^\/index\.php\/(?!apps)/, '/')
    if (path === '/ocm-provider' || path === '/ocm-provider/') return this.document()
    if (path === '/.well-known/ocm')
      return this.version >= 33 ? this.document() : json(404, { message: 'ocm not supported' })
    const keys = this.version >= 35 ? '/ocm/jwks' : '/.well-known/jwks.json'
    if (this.version >= 34 && path === keys) return json(200, { keys: this.signatures.jwks })
    if (path === `${WEBDAV}` || path.startsWith(`${WEBDAV}/`)) return this.serveShare(request)
    const ofLink = await this.links.answer(request)
    if (ofLink !== undefined) return ofLink
    if (request.method !== 'POST') return html(404, 'Page not found')
    if (path === '/ocm/shares') return this.takeShare(request)
    if (path === '/ocm/notifications') return this.takeNotification(request)
    if (path === '/ocm/invite-accepted' && this.version >= 32) return this.takeAcceptedInvite(request)
    if (this.version >= 35 && path.endsWith('/api/v1/access-token'))
      return answerTokenRequest(this.given, request, (host) => this.signatures.originOf(request, host))
    return html(404, 'Page not found')
  }

  private document(): FakeAnswer {
    const { keyId, publicKeyPem } = this.signatures
    const document = nextcloudDocument(this.version, this.url, { keyId, publicKeyPem })
    return json(200, document, { 'X-NEXTCLOUD-OCM-PROVIDERS': '1' })
  }

  private async takeShare(request: FakeRequest): Promise<FakeAnswer> {
    const wire = findObject(request.body)
    if (wire === undefined) return html(500, 'Internal Server Error')
    if (wire.owner === undefined || wire.owner === null) return invalid('Missing arguments')
    try {
      await this.checkOrigin(request, String(wire.owner))
    } catch (error) {
      return refusal(error)
    }
    const { version, url, users } = this
    const { groups = [], takesGroups = false } = this.options
    const judged = judgeShare({ version, url, users, groups, takesGroups }, wire)
    if ('status' in judged) return judged
    for (const share of judged.shares) {
      // A repeat is taken again, and is no second share.
      const isKnown = this.taken.some(
        (one) =>
          one.user === share.user && one.providerId === share.providerId && one.peerHost === share.peerHost,
      )
      if (!isKnown) this.taken.push({ ...share, id: String(this.taken.length + 1) })
    }
    return judged.answer
  }

  private async takeNotification(request: FakeRequest): Promise<FakeAnswer> {
    const read = readNotification(request.body)
    if ('status' in read) return read
    const { type, resourceType, providerId, details } = read
    if (resourceType !== 'file')
      return invalid(`Cloud Federation Provider with id: "${resourceType}" does not exist.`)
    const secret = details.sharedSecret
    const given = this.given.find((share) => share.secret === secret)
    const taken = this.taken.filter((share) => share.secret === secret)
    const peer = given?.shareWith.host ?? taken[0]?.peerHost
    if (peer === undefined) return invalid('Share not found')
    try {
      await this.checkOrigin(request, `x@${peer}`)
    } catch (error) {
      return refusal(error)
    }
    if (given === undefined ? taken[0]?.providerId !== providerId : given.id !== providerId)
      return this.version >= 33 ? json(403, { message: 'RESOURCE_NOT_FOUND' }) : invalid('Share not found')
    return this.follow(type, { given, taken, details })
  }

  private async follow(
    type: string,
    about: { given: GivenShare | undefined; taken: TakenShare[]; details: Record<string, unknown> },
  ): Promise<FakeAnswer> {
    const { given, taken, details } = about
    if (type === 'SHARE_ACCEPTED' && given) given.state = 'accepted'
    else if (type === 'SHARE_DECLINED' && given) drop(this.given, given)
    // For a share of its own it is taken, too, and does nothing.
    else if (type === 'SHARE_UNSHARED') for (const share of taken) drop(this.taken, share)
    else if (type === 'RESHARE_UNDO' && given) drop(this.given, given)
    else if (type === 'REQUEST_RESHARE' && given) return this.reshareFor(given, details)
    else return invalid(`Internal error at ${this.url}`)
    return json(201, [])
  }

  private async reshareFor(given: GivenShare, details: Record<string, unknown>): Promise<FakeAnswer> {
    const { shareWith, senderId, shareType } = details
    if ([shareWith, senderId, shareType].some((value) => value === undefined))
      return invalid('Missing arguments')
    if (!given.permissions.includes('share')) return invalid(`Internal error at ${this.url}`)
    const share: GivenShare = {
      ...given,
      ...{ id: this.newShareId(), secret: this.newShareSecret(), state: 'sent' },
      shareWith: splitCloudId(String(shareWith)),
    }
    this.given.push(share)
    await this.announceBy(share, `${given.shareWith.id}@${given.shareWith.host}`, 'user')
    return json(201, { token: share.secret, providerId: share.id })
  }

  /** 32 wants `userId` and falls over without it; newer ones want `userID`. */
  private takeAcceptedInvite(request: FakeRequest): FakeAnswer {
    const wire = findObject(request.body) ?? {}
    const { recipientProvider, token, email, name } = wire
    const id = this.version === 32 ? wire.userId : wire.userID
    if ([recipientProvider, token, id, email, name].some((value) => typeof value !== 'string'))
      return html(500, 'Internal Server Error')
    const refused = (status: number, message: string) => json(status, { message, error: true })
    const invite = this.invites.find((one) => one.token === token)
    if (invite === undefined) return refused(400, 'Invalid or non existing token')
    if (invite.acceptedBy !== undefined) return refused(409, 'Invite already accepted')
    if (this.nowMs() > invite.createdAtMs + INVITE_MS) return refused(400, 'Invitation expired')
    if (invite.user.email === '') return refused(400, 'Invalid or non existing token')
    const host = String(recipientProvider).replace(/^https?:\/\//, '')
    invite.acceptedBy = `${id}@${host}`
    this.addContact(invite.user.name, { id: String(id), host, name: String(name), email: String(email) })
    return json(200, { userID: invite.user.id, email: invite.user.email, name: invite.user.displayName })
  }

  /** Throws `SignatureRefusal`. */
  private async checkOrigin(request: FakeRequest, owner: string): Promise<void> {
    if (this.version < 31) return
    if (!owner.includes('@')) throw new SignatureRefusal(400, `entry ${owner} does not contain @`)
    const { host } = splitCloudId(owner)
    const origin = await this.signatures.originOf(request, host)
    if (origin === undefined) this.signatures.checkMayBeUnsigned(host)
    else if (origin !== host)
      throw new SignatureRefusal(
        400,
        `share initiation (${origin}) from different instance (${owner}) [key=owner]`,
      )
  }

  private async serveShare(request: FakeRequest): Promise<FakeAnswer> {
    const credential = credentialOf(request)
    const share = this.given.find((one) => {
      if (credential !== undefined && 'bearer' in credential)
        return this.version >= 35 && one.accessToken === credential.bearer
      // After the first exchange the raw secret opens nothing any more.
      return credential?.basic.split(':')[0] === one.secret && one.accessToken === undefined
    })
    if (share === undefined)
      return {
        ...html(401, 'Cannot authenticate'),
        headers: { 'WWW-Authenticate': 'Basic realm="Nextcloud"' },
      }
    return this.serve(share, request, WEBDAV)
  }
}

function refusal(error: unknown): FakeAnswer {
  if (!(error instanceof SignatureRefusal)) throw error
  return error.status === 500 ? html(500, 'Internal Server Error') : invalid(error.message)
}

export async function startFakeNextcloud(options: FakeNextcloudOptions): Promise<FakeNextcloud> {
  return new FakeNextcloud(options).start(options.name ?? 'nc')
}
