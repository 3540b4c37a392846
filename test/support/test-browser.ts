/**
 * A browser as far as a test needs one: a cookie jar, which knows hosts and no ports (RFC 6265 8.5), and redirects
 * that it follows itself.
 */
export class TestBrowser {
  readonly origin: string
  /** `host path name` → value. */
  private readonly jar = new Map<string, { host: string; path: string; name: string; value: string }>()
  /** Names of other hosts → where they really are. */
  private readonly hosts: Record<string, string>
  csrfToken = ''

  constructor(origin: string, hosts: Record<string, string> = {}) {
    this.origin = origin
    this.hosts = hosts
  }

  /** One request; redirects are not followed. */
  async ask(method: string, address: string, options: AskOptions = {}): Promise<Response> {
    const url = new URL(address, this.origin)
    const headers = new Headers(options.headers)
    const cookies = this.cookiesFor(url)
    if (cookies !== '') headers.set('cookie', cookies)
    if (this.csrfToken !== '' && !headers.has('x-csrf-token')) headers.set('x-csrf-token', this.csrfToken)
    const real =
      this.hosts[url.host] === undefined ? url : new URL(url.pathname + url.search, this.hosts[url.host])
    const { body } = options
    const answer = await fetch(real, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    })
    for (const line of answer.headers.getSetCookie()) this.keep(url, line)
    return answer
  }

  /** Follows redirects as a browser does; answers where it ended. */
  async open(address: string, most = 20): Promise<{ url: URL; answer: Response }> {
    let url = new URL(address, this.origin)
    for (let hops = 0; hops < most; hops++) {
      const answer = await this.ask('GET', url.href)
      const location = answer.headers.get('location')
      if (location === null) return { url, answer }
      url = new URL(location, url)
    }
    throw new Error(`more than ${most} redirects`)
  }

  /** A form as pages post it. */
  submit(address: string, fields: Record<string, string>): Promise<Response> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: this.origin,
      'x-csrf-token': '',
    }
    return this.ask('POST', address, { headers, body: new URLSearchParams(fields).toString() })
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const answer = await this.ask(method, `/api/v1${path}`, {
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }

  /** Signs in by the API and keeps the token. */
  async signIn(name: string, password = `${name}-password`): Promise<void> {
    const { status, body } = await this.api<{ csrfToken: string }>('POST', '/session', { name, password })
    if (status !== 201) throw new Error(`signing in: ${status} ${JSON.stringify(body)}`)
    this.csrfToken = body.csrfToken
  }

  cookie(name: string): string | undefined {
    return [...this.jar.values()].find((one) => one.name === name)?.value
  }

  cookieNames(): string[] {
    return [...this.jar.values()].map((one) => one.name)
  }

  setCookie(name: string, value: string): void {
    const { hostname: host } = new URL(this.origin)
    this.jar.set(`${host} / ${name}`, { host, path: '/', name, value })
  }

  private cookiesFor(url: URL): string {
    return [...this.jar.values()]
      .filter(
        ({ host, path }) => host === url.hostname && `${url.pathname}/`.startsWith(path.replace(/\/?$/, '/')),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  private keep(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(name.length + 1)
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
    const key = `${url.hostname} ${path} ${name}`
    const isGone = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=.*1970/i.test(one))
    if (isGone) this.jar.delete(key)
    else this.jar.set(key, { host: url.hostname, path, name, value })
  }
}

interface AskOptions {
  headers?: Record<string, string>
  body?: string
}
