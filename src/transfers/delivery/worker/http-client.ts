import { messageOf } from '../../../platform/errors.ts'
import { createTypedServer } from '../../../platform/outbound-typed.ts'
import { programVersion } from '../../../platform/version.ts'
import {
  appendedSchema,
  credentialsSchema,
  type DeliveryClient,
  heartbeatAnswerSchema,
  leaseSchema,
  MAX_TAKE_WAIT_SECONDS,
  sourceNowSchema,
  welcomeSchema,
} from '../wire.ts'
import { DeliveryRefusedError } from './refused.ts'

export interface HttpClientOptions {
  /** Base URL of the node, without a slash at its end. */
  node: string
  token: string
  /** Until the answer's headers; a long poll has its own wait besides. */
  timeoutMs?: number
}

const MAX_ANSWER_BYTES = 8 * 1024 * 1024
const DEFAULT_TIMEOUT_MS = 30_000
const LONGEST_POLL_MS = MAX_TAKE_WAIT_SECONDS * 1000

/** The delivery protocol over HTTPS. What the node refuses is a `DeliveryRefusedError`; the rest are errors of the network. */
export function createHttpClient(options: HttpClientOptions): DeliveryClient & { close(): Promise<void> } {
  const { node, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const server = createTypedServer(`${node}/api/v1/delivery/`, timeoutMs + LONGEST_POLL_MS)
  const send = async (method: 'POST' | 'PUT', path: string, body: unknown, signal?: AbortSignal) => {
    const isBytes = Buffer.isBuffer(body)
    const headers = {
      Authorization: `Bearer ${options.token}`,
      'Content-Type': isBytes ? 'application/octet-stream' : 'application/json',
      'User-Agent': `causeway-deliver/${programVersion()}`,
    }
    const limit = AbortSignal.timeout(timeoutMs + LONGEST_POLL_MS)
    const ask = { method, path, headers, body: isBytes ? body : JSON.stringify(body) }
    const answer = await server.requestText(
      { ...ask, signal: signal === undefined ? limit : AbortSignal.any([limit, signal]) },
      MAX_ANSWER_BYTES,
    )
    return parse(answer.status, answer.text)
  }
  const lease = (id: string, what: string) => `leases/${encodeURIComponent(id)}/${what}`
  return {
    announce: async (announcement) => welcomeSchema.parse(await send('POST', 'announce', announcement)),
    async take(order, signal) {
      const { items } = (await send('POST', 'leases', order, signal)) as { items: unknown[] }
      return items.map((item) => leaseSchema.parse(item))
    },
    heartbeat: async (beat) => heartbeatAnswerSchema.parse(await send('POST', 'heartbeat', beat)),
    finished: async (id, report) => void (await send('POST', lease(id, 'finished'), report)),
    failed: async (id, report) => void (await send('POST', lease(id, 'failed'), report)),
    credentials: async (id, session) =>
      credentialsSchema.parse(await send('POST', lease(id, 'credentials'), { session })).headers,
    sourceNow: async (id, session) =>
      sourceNowSchema.parse(await send('POST', lease(id, 'source'), { session })),
    async append(id, { session, offset, isAnew, bytes }, signal) {
      const query = new URLSearchParams({ session, offset: String(offset), anew: isAnew ? '1' : '0' })
      const answer = await send('PUT', `${lease(id, 'bytes')}?${query}`, bytes, signal)
      return appendedSchema.parse(answer).sizeBytes
    },
    close: () => server.close(),
  }
}

function parse(status: number, text: string): unknown {
  if (status === 204) return undefined
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (error) {
    throw new DeliveryRefusedError(status, 'NOT_A_NODE', `What answers there is no node: ${messageOf(error)}`)
  }
  if (status >= 200 && status < 300) return answer
  const { code, detail, errors } = answer as Problem
  const stands = Number(errors?.find(({ field }) => field === 'offset')?.message ?? Number.NaN)
  throw new DeliveryRefusedError(
    status,
    code ?? `HTTP_${status}`,
    detail ?? `The node answered ${status}.`,
    stands,
  )
}

interface Problem {
  code?: string
  detail?: string
  errors?: { field: string; message: string }[]
}
