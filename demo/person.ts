import type { Site } from './site.ts'

/** Somebody with an account at a site, doing by HTTP what people do by hand. */
export class Person {
  readonly name: string
  readonly password: string
  readonly site: Site

  constructor(name: string, password: string, site: Site) {
    this.name = name
    this.password = password
    this.site = site
  }

  get address(): string {
    return `${this.name}@${this.site.host}`
  }

  get driveUrl(): string {
    return `${this.site.origin}/dav/files/${this.name}`
  }

  get authorization(): string {
    return `Basic ${Buffer.from(`${this.name}:${this.password}`).toString('base64')}`
  }

  /** The `-u` of curl for this person. */
  get curl(): string {
    return `curl -u ${this.name}:${this.password}`
  }

  /** One call of the JSON API; throws with the answer's own words when it is refused. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.site.origin}/api/v1${path}`, {
      method,
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** One WebDAV request in the own drive. */
  async dav(
    method: string,
    path: string,
    options: { body?: RequestInit['body']; headers?: Record<string, string> } = {},
  ) {
    const { body, headers } = options
    return fetch(`${this.driveUrl}/${path.split('/').map(encodeURIComponent).join('/')}`, {
      method,
      headers: { authorization: this.authorization, ...headers },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    } as RequestInit)
  }

  /** The names directly below a folder of the drive. */
  async listing(path: string): Promise<string[]> {
    const answer = await this.dav('PROPFIND', path, { headers: { depth: '1' } })
    if (answer.status !== 207) throw new Error(`PROPFIND ${path}: ${answer.status}`)
    const hrefs = [...(await answer.text()).matchAll(/<d:href>([^<]*)<\/d:href>/g)].map(
      (match) => match[1] ?? '',
    )
    return hrefs.slice(1).map((href) => decodeURIComponent(href.replace(/\/$/, '').split('/').at(-1) ?? ''))
  }
}
