import { StringDecoder } from 'node:string_decoder'
import type { OutboundResponse } from '../../platform/outbound.ts'
import { cutText } from '../foreign-words.ts'
import { HttpStatusError, TransferError } from '../transfer-error.ts'
import { discard } from './discard.ts'
import { PerfMarkers } from './perf-markers.ts'
import { sidesOf } from './third-party-credentials.ts'
import { clean, isAboutRight, locationsOf, spokenFault, statusFault } from './third-party-faults.ts'
import { type Order, WayRefused } from './third-party-types.ts'
import type { Watch } from './third-party-watch.ts'

const MAX_TEXT_CHARACTERS = 4096
/** Refusals that say: not this way, or not this server; the next way is tried. */
const NOT_A_COPIER = new Set([400, 405, 415, 422, 426, 501, 505])
/** XRootD says 400 where the folder is missing. */
const PLACE_IS_MISSING = /no such file|does not exist|not found/i
const NOT_FOR_US = new Set([403, 424, 500, 502])

/** What a refusal of the order means: another way, or a fault. */
export async function refusal(
  { way, ends }: Order,
  answer: OutboundResponse,
  secrets: readonly string[],
): Promise<Error> {
  const { status, headers, body } = answer
  const { copier } = sidesOf(way, ends)
  const said = clean(visible(await firstText(body)), secrets)
  const words = `${copier.label} answered the order to ${way} the file with status ${status}`
  const message = said === '' ? words : `${words}: ${said.replace(/\.$/, '')}`
  if (NOT_A_COPIER.has(status) || status < 400) {
    return new WayRefused(message, PLACE_IS_MISSING.test(said) ? 'once' : 'server')
  }
  if (NOT_FOR_US.has(status)) return new WayRefused(message, status === 403 ? 'once' : 'pair')
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
  return cutText(text, MAX_TEXT_CHARACTERS)
}

/** Pages of servers are written for browsers. */
function visible(text: string): string {
  return text.replace(/<style[\s\S]*?<\/style>/gi, ' ').replace(/<[^>]*>/g, ' ')
}

interface Following {
  watch: Watch
  secrets: readonly string[]
}

/** Follows an accepted order to its end; false: it ended without a word. */
export async function follow(
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
    if (isAboutRight(error.fault)) throw new WayRefused(error.message, 'once')
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
