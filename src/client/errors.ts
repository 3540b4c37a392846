/** One wrong field of an input: where it stands and what is wrong with it. */
export interface ProblemField {
  field: string
  message: string
}

interface ProblemFacts {
  status: number
  code: string
  detail: string
  requestId?: string | undefined
  fields?: readonly ProblemField[]
  retryAfterSeconds?: number | undefined
}

/** The node, or a proxy before it, refused: what problem+json (RFC 9457) said, or what the status alone says. */
export class ApiProblem extends Error {
  override name = 'ApiProblem'
  /** HTTP status; 0 where a browser hides the answer of a redirect. */
  readonly status: number
  /** A word for programs, such as `NOT_FOUND`; `HTTP_<status>` when the answer had none. */
  readonly code: string
  /** What failed, why, and what to do. */
  readonly detail: string
  /** By which the operator finds the request in the log. */
  readonly requestId: string | undefined
  readonly fields: readonly ProblemField[]
  readonly retryAfterSeconds: number | undefined

  constructor(facts: ProblemFacts) {
    super(facts.detail)
    this.status = facts.status
    this.code = facts.code
    this.detail = facts.detail
    this.requestId = facts.requestId
    this.fields = facts.fields ?? []
    this.retryAfterSeconds = facts.retryAfterSeconds
  }
}

/** No answer came: the node is away, the network is, or it took too long. `cause` is what `fetch` threw. */
export class NetworkProblem extends Error {
  override name = 'NetworkProblem'
  readonly code: 'UNREACHABLE' | 'TIMEOUT'

  constructor(cause: unknown) {
    const isTimeout = cause instanceof Error && cause.name === 'TimeoutError'
    super(isTimeout ? 'The node did not answer in time.' : 'The node cannot be reached.', { cause })
    this.code = isTimeout ? 'TIMEOUT' : 'UNREACHABLE'
  }
}

interface AnswerFacts {
  status: number
  statusText?: string
  type?: string
  headers: { get(name: string): string | null }
}

/** What is wrong with an answer; undefined when nothing is. `node` is what the sentences call who answered. */
export function problemOf(answer: AnswerFacts, text: string, node = 'The node'): ApiProblem | undefined {
  const { status } = answer
  if (status < 200 || status >= 300) return refusalOf(answer, text, node)
  if (text === '' ? status === 204 : parse(text) !== undefined) return undefined
  const detail = `${node} answered something that is not JSON; is it a Causeway node?`
  return new ApiProblem({ status, code: 'BAD_ANSWER', detail })
}

/** What an answer that is no success says, in problem+json or by its status alone. */
export function refusalOf(answer: AnswerFacts, text: string, node = 'The node'): ApiProblem {
  const { status, statusText = '', type, headers } = answer
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const to = headers.get('Location')
    const detail = `${node} redirects${to === null ? '' : ` to ${to}`}.`
    return new ApiProblem({ status, code: 'REDIRECTED', detail })
  }
  const value = parse(text)
  const problem = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const textOf = (name: string) => (typeof problem[name] === 'string' ? problem[name] : undefined)
  const retryAfter = Number(headers.get('Retry-After') ?? Number.NaN)
  return new ApiProblem({
    status,
    code: textOf('code') ?? `HTTP_${status}`,
    detail: textOf('detail') ?? textOf('title') ?? `${`${node} answered ${status} ${statusText}`.trimEnd()}.`,
    requestId: textOf('requestId') ?? headers.get('X-Request-Id') ?? undefined,
    fields: Array.isArray(problem.errors) ? (problem.errors as ProblemField[]) : [],
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
