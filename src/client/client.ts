import { ApiProblem, NetworkProblem, problemOf } from './errors.ts'
import { type Operations, operations } from './operations.ts'

export { ApiProblem, NetworkProblem } from './errors.ts'

export type OperationId = keyof Operations

/** What an operation answers; `undefined` for one that answers nothing. */
export type Answer<K extends OperationId> = Operations[K]['answer']
/** What an operation takes as its body, and as its query. */
export type Body<K extends OperationId> = Operations[K] extends { body: infer B } ? B : undefined
export type Query<K extends OperationId> = Operations[K] extends { query?: infer Q }
  ? NonNullable<Q>
  : undefined

/** What every call may say besides its input. */
export interface CallOptions {
  signal?: AbortSignal | undefined
  /** A repeat with the same key finds the first request. */
  idempotencyKey?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  /** 0: none. */
  timeoutMs?: number | undefined
}

/** The input of an operation: `params`, `query` and `body`, as far as it has them. */
export type Input<K extends OperationId> = Omit<Operations[K], 'answer'> & CallOptions

type MethodOf<K extends OperationId> =
  Record<never, never> extends Omit<Operations[K], 'answer'>
    ? (input?: Input<K>) => Promise<Answer<K>>
    : (input: Input<K>) => Promise<Answer<K>>

/** The operations that answer a list, which may go on in further pages. */
export type ListOperation = {
  [K in OperationId]: Answer<K> extends { items: unknown[] } ? K : never
}[OperationId]

type InputOf<K extends OperationId> = Parameters<MethodOf<K>>

/** One method for each operation of the API, by its `operationId`. */
export type Client = { readonly [K in OperationId]: MethodOf<K> } & {
  /** A list page after page, from the first or from `query.cursor` on. */
  pages<K extends ListOperation>(operation: K, ...input: InputOf<K>): AsyncGenerator<Answer<K>>
}

/** The part of an answer that is looked at; that of `fetch` has it. */
export interface FetchAnswer {
  status: number
  statusText?: string
  type?: string
  headers: { get(name: string): string | null }
  text(): Promise<string>
}

export interface FetchInit {
  method: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
  signal?: AbortSignal
  redirect: 'manual'
}

export interface ClientSettings {
  /** The address of the node, without a slash at the end: its `publicUrl`. */
  baseUrl: string
  /** What messages call the node; "The node" unless given. */
  name?: string | undefined
  /** Another `fetch` than that of the platform. */
  fetch?: ((url: string, init: FetchInit) => Promise<FetchAnswer>) | undefined
  /** Sent with every request, such as `Authorization`. */
  headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>) | undefined
  /** How long an answer may take; a minute unless given, 0 for no limit. */
  timeoutMs?: number | undefined
  /** Ends every call. */
  signal?: AbortSignal | undefined
  /** Turns what is thrown into another error. */
  toError?: ((problem: ApiProblem | NetworkProblem) => unknown) | undefined
}

interface AnyInput extends CallOptions {
  params?: Readonly<Record<string, string | number>>
  query?: Readonly<Record<string, unknown>>
  body?: unknown
}

const TIMEOUT_MS = 60_000

/**
 * The typed client of `/api/v1` of one node, for browsers and Node alike. A refusal is thrown as `ApiProblem`, an
 * answer that never came as `NetworkProblem`; a call that a signal ended throws that signal's reason.
 */
export function createClient(settings: ClientSettings): Client {
  const methods: Record<string, unknown> = {}
  const call = (name: OperationId, input?: AnyInput) => send(settings, operations[name], input ?? {})
  for (const name of Object.keys(operations) as OperationId[])
    methods[name] = (input?: AnyInput) => call(name, input)
  methods.pages = (name: OperationId, input?: AnyInput) => pages(call, name, input ?? {})
  return methods as unknown as Client
}

/** The items of all pages of a list, or the first `limit`: no page more than that takes is asked for. */
export async function listAll<T>(
  pages: AsyncIterable<{ items: T[] }>,
  limit = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const items: T[] = []
  for await (const page of pages) {
    items.push(...page.items)
    if (items.length >= limit) break
  }
  return items.slice(0, limit)
}

async function* pages(
  call: (name: OperationId, input: AnyInput) => Promise<unknown>,
  name: OperationId,
  input: AnyInput,
): AsyncGenerator<unknown> {
  let cursor: string | undefined
  do {
    const query = cursor === undefined ? input.query : { ...input.query, cursor }
    const page = (await call(name, query === undefined ? input : { ...input, query })) as {
      nextCursor?: string
    }
    yield page
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

async function send(settings: ClientSettings, operation: string, input: AnyInput): Promise<unknown> {
  const { timeoutMs = settings.timeoutMs ?? TIMEOUT_MS } = input
  const signals = [settings.signal, input.signal].filter((one) => one !== undefined)
  const { url, init } = requestOf(settings, operation, input)
  try {
    const limits = timeoutMs > 0 ? [...signals, AbortSignal.timeout(timeoutMs)] : signals
    if (limits.length > 0) init.signal = AbortSignal.any(limits)
    const answer = await (settings.fetch ?? fetch)(url, init)
    const text = await answer.text()
    const problem = problemOf(answer, text, settings.name)
    if (problem !== undefined) throw problem
    return text === '' ? undefined : JSON.parse(text)
  } catch (error) {
    const ended = signals.find(({ aborted }) => aborted)
    if (ended !== undefined) throw ended.reason
    const problem = error instanceof ApiProblem ? error : new NetworkProblem(error)
    throw settings.toError?.(problem) ?? problem
  }
}

function requestOf(
  settings: ClientSettings,
  operation: string,
  input: AnyInput,
): { url: string; init: FetchInit } {
  const [method = '', template = ''] = operation.split(' ')
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(input.params?.[name] ?? '')),
  )
  const { headers = {} } = settings
  const init: FetchInit = {
    method,
    redirect: 'manual',
    headers: {
      Accept: 'application/json',
      ...(typeof headers === 'function' ? headers() : headers),
      ...(input.idempotencyKey === undefined ? {} : { 'Idempotency-Key': input.idempotencyKey }),
      ...input.headers,
    },
  }
  if (input.body instanceof Uint8Array) {
    init.body = input.body as Uint8Array<ArrayBuffer>
    init.headers['Content-Type'] = 'application/octet-stream'
  } else if (input.body !== undefined) {
    init.body = JSON.stringify(input.body)
    init.headers['Content-Type'] = 'application/json'
  }
  return { url: `${settings.baseUrl}/api/v1${path}${queryOf(input.query)}`, init }
}

function queryOf(query: Readonly<Record<string, unknown>> = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  const text = new URLSearchParams(given).toString()
  return text === '' ? '' : `?${text}`
}
