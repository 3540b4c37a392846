import { fetch, type RequestInit, type Response } from 'undici'
import type { Page } from './api-types.ts'
import type { Connection } from './connection.ts'
import { CliError } from './exit.ts'
import { dispatcher } from './name-lookup.ts'
import { toNetworkError } from './network-error.ts'

export type Query = Record<string, string | number | undefined>

interface Problem {
  title?: string
  detail?: string
  code?: string
  fields?: { field: string; message: string }[]
  errors?: { field: string; message: string }[]
}

const REQUEST_TIMEOUT_MS = 60_000

/** Speaks JSON with `/api/v1` of one node; a refusal becomes a `CliError` made of problem+json (RFC 9457). */
export class ApiClient {
  readonly connection: Connection
  private readonly signal: AbortSignal | undefined

  constructor(connection: Connection, signal?: AbortSignal) {
    this.connection = connection
    this.signal = signal
  }

  /** The same client, whose requests end with this signal. */
  withSignal(signal: AbortSignal): ApiClient {
    return new ApiClient(this.connection, signal)
  }

  get<T>(path: string, query?: Query): Promise<T> {
    return this.request('GET', path + toQuery(query))
  }

  /** `headers`: such as `Idempotency-Key`. */
  post<T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<T> {
    return this.request('POST', path, body, headers)
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.request('PATCH', path, body)
  }

  async delete(path: string): Promise<void> {
    await this.request('DELETE', path)
  }

  /** All items of a list, page after page, or the first `limit`. */
  async list<T>(path: string, query: Query = {}, limit = Number.POSITIVE_INFINITY): Promise<T[]> {
    const items: T[] = []
    let cursor: string | undefined
    do {
      const page: Page<T> = await this.get(path, { ...query, cursor })
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined && items.length < limit)
    return items.slice(0, limit)
  }

  /** An open answer whose body is read as a stream, such as server-sent events. */
  async open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.send('GET', path, { headers, signal })
  }

  private async request<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const limits = [
      AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(this.signal === undefined ? [] : [this.signal]),
    ]
    const init: RequestInit = { signal: AbortSignal.any(limits) }
    if (body !== undefined) {
      init.body = JSON.stringify(body)
      init.headers = { 'Content-Type': 'application/json', ...headers }
    }
    const response = await this.send(method, path, init)
    if (response.status === 204) return undefined as T
    try {
      return (await response.json()) as T
    } catch (error) {
      throw new CliError(`${this.host} answered something that is not JSON; is it a Causeway node?`, {
        code: 'BAD_ANSWER',
        cause: error,
      })
    }
  }

  private async send(method: string, path: string, init: RequestInit): Promise<Response> {
    const headers = {
      Accept: 'application/json',
      ...init.headers,
      Authorization: this.connection.authorization,
    }
    let response: Response
    try {
      response = await fetch(`${this.connection.url}/api/v1${path}`, {
        ...init,
        method,
        headers,
        redirect: 'manual',
        dispatcher,
      })
    } catch (error) {
      throw toNetworkError(this.host, error)
    }
    if (!response.ok) throw await toProblem(response, this.host)
    return response
  }

  private get host(): string {
    return new URL(this.connection.url).host
  }
}

/** A path segment of the API, encoded. */
export function segment(id: string): string {
  return encodeURIComponent(id)
}

function toQuery(query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value))
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** One sentence out of problem+json, or out of the bare status when the answer is something else. */
export async function toProblem(response: Response, host: string): Promise<CliError> {
  const { status } = response
  if (status >= 300 && status < 400) {
    await response.body?.cancel()
    return new CliError(
      `${host} redirects to ${response.headers.get('Location')}; log in with that address.`,
      { code: 'REDIRECTED', status },
    )
  }
  const problem = await readProblem(response)
  const fields = [...(problem.fields ?? []), ...(problem.errors ?? [])].map(
    (field) => `\n  ${field.field}: ${field.message}`,
  )
  const text =
    problem.detail ?? problem.title ?? `${host} answered ${status} ${response.statusText}`.trimEnd()
  const remedy = status === 401 ? ' Log in again with "causeway login".' : ''
  const sentence = /[.?!]$/.test(text) ? text : `${text}.`
  return new CliError(sentence + remedy + fields.join(''), { code: problem.code ?? `HTTP_${status}`, status })
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    const value: unknown = await response.json()
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
