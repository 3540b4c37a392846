import { randomBytes } from 'node:crypto'
import type { FakePermission } from './dav-properties.ts'
import { type FakeAnswer, type FakeRequest, html, json } from './http-server.ts'

export interface FakeLink {
  user: string
  path: string
  password?: string
  permissions: FakePermission[]
  isOver?: boolean
}

const CREATE = /^(?:\/index\.php)?\/apps\/federatedfilesharing\/createFederatedShare$/
const PAGE = /^(?:\/index\.php)?\/s\/([^/]+)(\/authenticate\/showShare)?$/

/**
 * Public links of Nextcloud and ownCloud 10, as far as other servers see them: everything that is wrong with a
 * token or its password is a 400 with a sentence, and the page of a link shows whether it is there.
 */
export class FakeLinks {
  private readonly links = new Map<string, FakeLink>()
  private readonly share: (link: FakeLink, shareWith: string) => Promise<void>

  constructor(share: (link: FakeLink, shareWith: string) => Promise<void>) {
    this.share = share
  }

  open(link: FakeLink): { token: string; link: FakeLink } {
    const token = randomBytes(12).toString('hex').slice(0, 15)
    this.links.set(token, link)
    return { token, link }
  }

  /** Undefined for what is none of its addresses. */
  async answer(request: FakeRequest): Promise<FakeAnswer | undefined> {
    if (CREATE.test(request.path) && request.method === 'POST')
      return this.create(new URLSearchParams(request.body.toString('utf8')))
    const [, token = '', below] = PAGE.exec(request.path) ?? []
    if (token === '') return undefined
    const link = this.find(token)
    if (link === undefined) return html(404, 'Diese Freigabe gibt es nicht mehr')
    if (link.password === undefined || below !== undefined) return html(200, link.path)
    return { status: 303, headers: { Location: `/index.php/s/${token}/authenticate/showShare` } }
  }

  private find(token: string): FakeLink | undefined {
    const link = this.links.get(token)
    return link?.isOver ? undefined : link
  }

  private async create(form: URLSearchParams): Promise<FakeAnswer> {
    const refused = (message: string) => json(400, { message })
    const link = this.find(form.get('token') ?? '')
    // Its users may well read German.
    if (link === undefined) return refused('Die angeforderte Freigabe existiert nicht mehr')
    if (link.password !== undefined && link.password !== form.get('password'))
      return refused('No permission to access the share')
    if (!link.permissions.includes('read')) return refused('Mounting file drop not supported')
    const shareWith = form.get('shareWith') ?? ''
    try {
      await this.share(link, shareWith)
    } catch {
      return refused(`Sharing ${link.path} failed, could not find ${shareWith}.`)
    }
    return json(200, { remoteUrl: shareWith.split('@').at(-1) })
  }
}
