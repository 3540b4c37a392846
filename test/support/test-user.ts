import { setTimeout as delay } from 'node:timers/promises'

export interface ApiAnswer<T> {
  status: number
  body: T
}

/** What the tests read of a transfer job. */
export interface TestJob {
  id: string
  state: string
  files: { total: number; done: number; failed: number; skipped: number }
  error?: { code: string; message: string }
}

const FINAL_STATES = ['FINISHED', 'FINISHEDDIRTY', 'FAILED', 'CANCELED']

/** Somebody at a test node, by HTTP only. */
export class TestUser {
  readonly name: string
  readonly origin: string
  /** user@host */
  readonly address: string
  authorization: string

  constructor(who: { name: string; password: string; origin: string; host: string }) {
    this.name = who.name
    this.origin = who.origin
    this.address = `${who.name}@${who.host}`
    this.authorization = basic(who.name, who.password)
  }

  /** One call of the API, whatever it answers. */
  async call<T>(method: string, path: string, body?: unknown): Promise<ApiAnswer<T>> {
    const answer = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }

  /** One call that has to succeed. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body)
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** One WebDAV request in the own drive. */
  dav(
    method: string,
    path: string,
    options: { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const { body, headers } = options
    return fetch(`${this.origin}/dav/files/${this.name}${path}`, {
      method,
      headers: { authorization: this.authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    })
  }

  async put(path: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await this.dav('PUT', path, { body })
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
  }

  /** Names directly below a folder of the drive. */
  async names(path: string): Promise<string[]> {
    const answer = await this.dav('PROPFIND', path, { headers: { depth: '1' } })
    const hrefs = [...(await answer.text()).matchAll(/<d:href>([^<]*)<\/d:href>/g)].map(
      (match) => match[1] ?? '',
    )
    return hrefs.slice(1).map((href) => decodeURIComponent(href.replace(/\/$/, '').split('/').at(-1) ?? ''))
  }

  /** Waits until the job has ended, however. */
  async untilEnded(jobId: string): Promise<TestJob> {
    return until(
      () => this.api<TestJob>('GET', `/transfers/${jobId}`),
      (job) => FINAL_STATES.includes(job.state),
    )
  }
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** Asks again and again until the answer is the wanted one; the test's own time-out ends a vain wait. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await delay(20)
  }
}

/** Makes the two people contacts of each other, by an invitation of the first. */
export async function connect(inviter: TestUser, invited: TestUser): Promise<void> {
  const { inviteString } = await inviter.api<{ inviteString: string }>('POST', '/invitations', {})
  await invited.api('POST', '/invitations/accept', { invite: inviteString })
}

/** Shares a path and accepts it on the other side; answers both ids and where it stands. */
export async function shareAndAccept(
  from: TestUser,
  to: TestUser,
  path: string,
  role: 'viewer' | 'editor' = 'viewer',
): Promise<{ shareId: string; receivedId: string; mountPath: string }> {
  const { id: shareId } = await from.api<{ id: string }>('POST', '/shares', {
    path,
    shareWith: to.address,
    role,
  })
  const { items } = await to.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
  const receivedId = items[0]?.id ?? 'no pending share'
  const { mountPath } = await to.api<{ mountPath: string }>(
    'POST',
    `/received-shares/${receivedId}/accept`,
    {},
  )
  return { shareId, receivedId, mountPath }
}
