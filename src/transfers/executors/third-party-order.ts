import type { Outbound, OutboundRequest, OutboundResponse } from '../../platform/outbound.ts'
import { discard } from './discard.ts'
import type { CopyTask } from './executor.ts'
import { follow, refusal } from './third-party-answer.ts'
import { credentialToHandOn, sidesOf } from './third-party-credentials.ts'
import { askEnd, type CopyDeps } from './third-party-ends.ts'
import type { Order } from './third-party-types.ts'
import { Watch } from './third-party-watch.ts'

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 307, 308])
/** Smaller files gain nothing by several connections between the two. */
const MIN_STREAMED_BYTES = 64 * 1024 * 1024
const STREAMS = 4
/** Longer than any patience of ours: the watch decides. */
const IDLE_SLACK_MS = 60_000

/**
 * Orders one copy and follows it to its end. Returns whether the server said that it worked; false: it said
 * nothing at all, and only the destination can tell. Throws `WayRefused`, or a fault.
 */
export async function orderCopy(deps: CopyDeps, order: Order): Promise<boolean> {
  const { task, way, ends, patience } = order
  const { copier } = sidesOf(way, ends)
  const { sizeBytes } = task.expected
  const handed = await credentialToHandOn(deps, { way, ends, sizeBytes, signal: task.signal })
  const watch = new Watch(deps.clock, patience, copier.label)
  const signal = AbortSignal.any([task.signal, watch.signal])
  watch.heard()
  watch.moved()
  const secrets = handed === undefined ? [] : [handed, handed.replace(/^\S+\s+/, '')]
  try {
    const headers = headersOf(deps, order, handed)
    const request = { method: 'COPY', headers, signal, idleTimeoutMs: patience.stallMs + IDLE_SLACK_MS }
    order.onState('sent')
    const answer = await askEnd(copier, request, (one) => sendCopy(deps.outbound, one))
    if (answer.status < 200 || answer.status > 299) {
      order.onState('refused')
      throw await refusal(order, answer, secrets)
    }
    return await follow(order, answer, { watch, secrets })
  } catch (error) {
    task.signal.throwIfAborted()
    throw watch.signal.aborted ? watch.signal.reason : error
  } finally {
    watch.end()
  }
}

function headersOf(
  { memory }: CopyDeps,
  { task, way, ends }: Order,
  handed: string | undefined,
): Record<string, string> {
  const { other } = sidesOf(way, ends)
  const required = isChecksumRequired(task, memory.tellsDigests(ends.destination.origin))
  return {
    [way === 'pull' ? 'Source' : 'Destination']: other.url,
    ...(handed === undefined ? {} : { TransferHeaderAuthorization: handed }),
    Credential: 'none',
    Overwrite: task.conditions.ifNoneMatch === '*' ? 'F' : 'T',
    ...(required === undefined ? {} : { RequireChecksumVerification: String(required) }),
    'X-Number-Of-Streams': String(streamsOf(task)),
  }
}

/** As many as were ordered; else several where that brings something. */
function streamsOf({ streams, expected }: CopyTask): number {
  return streams ?? (expected.sizeBytes >= MIN_STREAMED_BYTES ? STREAMS : 1)
}

/** Asked for only where both are known to have checksums: to ask in vain would make the copy fail. */
function isChecksumRequired(task: CopyTask, destinationTells: boolean | undefined): boolean | undefined {
  if (!task.verifyChecksum || destinationTells === false) return false
  return destinationTells === true && Object.keys(task.sourceChecksums).length > 0 ? true : undefined
}

/** Redirects keep method and order within a server; to another one no secret goes, neither ours nor what is handed on. */
async function sendCopy(outbound: Outbound, request: OutboundRequest): Promise<OutboundResponse> {
  let { url, headers = {} } = request
  for (let hop = 0; ; hop++) {
    const answer = await outbound.request({ ...request, url, headers })
    const target = URL.parse(answer.headers.location ?? '', url)
    if (!REDIRECTS.has(answer.status) || target === null || hop === MAX_REDIRECTS) return answer
    if (url.startsWith('https:') && target.protocol !== 'https:') return answer
    discard(answer.body)
    if (target.origin !== new URL(url).origin) headers = withoutSecrets(headers)
    url = target.href
  }
}

const PLAIN = new Set([
  ...['source', 'destination', 'credential', 'overwrite', 'requirechecksumverification'],
  'x-number-of-streams',
])

function withoutSecrets(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PLAIN.has(name.toLowerCase())))
}
