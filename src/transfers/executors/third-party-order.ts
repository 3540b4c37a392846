import { StringDecoder } from 'node:string_decoder'
import type { Outbound, OutboundRequest, OutboundResponse } from '../../platform/outbound.ts'
import { HttpStatusError, TransferError } from '../transfer-error.ts'
import { discard } from './discard.ts'
import type { CopyTask } from './executor.ts'
import { PerfMarkers } from './perf-markers.ts'
import { credentialToHandOn, sidesOf } from './third-party-credentials.ts'
import { askEnd, type CopyDeps, type FarEnds } from './third-party-ends.ts'
import { clean, isAboutRight, locationsOf, spokenFault, statusFault } from './third-party-faults.ts'
import type { Way } from './third-party-memory.ts'
import { type Patience, Watch } from './third-party-watch.ts'

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 307, 308])
const MAX_TEXT_CHARACTERS = 4096
/** Smaller files gain nothing by several connections between the two. */
const MIN_STREAMED_BYTES = 64 * 1024 * 1024
const STREAMS = 4
/** Longer than any patience of ours: the watch decides. */
const IDLE_SLACK_MS = 60_000

/** Refusals that say: not this way, or not this server; the next way is tried. */
const NOT_A_COPIER = new Set([400, 405, 415, 422, 426, 501, 505])
const NOT_FOR_US = new Set([403, 424, 500, 502])

/** `server`: it takes no such orders; `pair`: not with this other server; `right`: not from whom we come as. */
export type Refusal = 'server' | 'pair' | 'right'

/** The server does not copy that way; another one may. */
export class WayRefused extends Error {
  override name = 'WayRefused'
  readonly about: Refusal

  constructor(message: string, about: Refusal) {
    super(message)
    this.about = about
  }
}

export interface Order {
  task: CopyTask
  ends: FarEnds
  way: Way
  patience: Patience
  /** The order goes out: from now on something may stand at the destination, unless it is refused. */
  onState(state: 'sent' | 'refused'): void
}

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
    'X-Number-Of-Streams': String(task.expected.sizeBytes >= MIN_STREAMED_BYTES ? STREAMS : 1),
  }
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

async function refusal(
  { way, ends }: Order,
  answer: OutboundResponse,
  secrets: readonly string[],
): Promise<Error> {
  const { status, headers, body } = answer
  const { copier } = sidesOf(way, ends)
  const said = clean(visible(await firstText(body)), secrets)
  const words = `${copier.label} answered the order to ${way} the file with status ${status}`
  const message = said === '' ? words : `${words}: ${said.replace(/\.$/, '')}`
  if (NOT_A_COPIER.has(status) || status < 400) return new WayRefused(message, 'server')
  if (NOT_FOR_US.has(status)) return new WayRefused(message, status === 403 ? 'right' : 'pair')
  const seconds = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) : undefined
  const error = new HttpStatusError(copier.label, 'COPY', status, seconds)
  return statusFault(error, locationsOf(way).copier, said)
}

async function firstText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new StringDecoder('utf8')
  let text = ''
  try {
    for await (const chunk of body) {
      text += decoder.write(Buffer.from(chunk))
      if (text.length > MAX_TEXT_CHARACTERS) break
    }
  } catch {
    // The status says enough.
  }
  return text.slice(0, MAX_TEXT_CHARACTERS)
}

/** Pages of servers are written for browsers. */
function visible(text: string): string {
  return text.replace(/<style[\s\S]*?<\/style>/gi, ' ').replace(/<[^>]*>/g, ' ')
}

interface Following {
  watch: Watch
  secrets: readonly string[]
}

async function follow(
  order: Order,
  answer: OutboundResponse,
  { watch, secrets }: Following,
): Promise<boolean> {
  const { way, ends } = order
  const { copier } = sidesOf(way, ends)
  const markers = new PerfMarkers()
  await readMarkers(order, answer, { markers, watch })
  const { trailer } = markers
  if (trailer?.end === 'success') return true
  if (trailer !== undefined) {
    const said = clean(trailer.text, secrets)
    if (trailer.end === 'aborted') throw lost('COPY_ABORTED', `${copier.label} gave the copy up: ${said}.`)
    const error = spokenFault(said, copier.label, locationsOf(way).other)
    // What opens one of them is not always good for the other; who comes from here may still be let in.
    if (isAboutRight(error.fault)) throw new WayRefused(error.message, 'right')
    throw error
  }
  // Older servers answer when all is done, and say no more than that.
  if (markers.count === 0 && (answer.status === 201 || answer.status === 204)) return false
  throw lost('COPY_CUT', `${copier.label} ended the answer without saying how the copy ended.`)
}

async function readMarkers(
  { task }: Order,
  answer: OutboundResponse,
  { markers, watch }: { markers: PerfMarkers; watch: Watch },
): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let [count, bytes] = [0, 0]
  watch.heard()
  try {
    for await (const chunk of answer.body) {
      markers.push(decoder.write(chunk))
      if (markers.trailer !== undefined) break
      if (markers.count > count) watch.heard()
      count = markers.count
      if (markers.bytes === bytes) continue
      bytes = markers.bytes
      if (bytes < task.expected.sizeBytes) watch.moved()
      else watch.complete()
      task.onProgress(Math.min(bytes, task.expected.sizeBytes))
    }
  } catch (error) {
    if (markers.trailer === undefined)
      throw lost('COPY_CUT', 'The connection to the copying server broke.', error)
  } finally {
    discard(answer.body)
  }
  markers.finish()
}

function lost(code: string, message: string, cause?: unknown): TransferError {
  const fault = { code, message, type: 'TEMPORARY_REMOTE_ERROR', location: 'ERROR_TRANSFER' } as const
  return new TransferError({ ...fault, temporary: true }, cause)
}
