import type { IncomingMessage } from 'node:http'
import { UnavailableError } from '../../platform/errors.ts'
import { readBytes } from '../../platform/read-bytes.ts'

/** The largest message that is taken, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024
/** What any real message fits into; larger ones wait for a place. */
const SMALL_BYTES = 64 * 1024
/** Of large messages at a time: strangers send them, and each stays in memory until it is answered. */
const LARGE_PLACES = 32
const RETRY_AFTER_SECONDS = 10

const MAX_DEPTH = 64
const MAX_VALUES = 10_000
const MAX_FIELDS = 200

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** What a byte outside of strings does to the depth, and that it begins a value. */
const DEEPER = new Int8Array(256)
const VALUES = new Uint8Array(256)
for (const byte of Buffer.from('[{')) DEEPER[byte] = VALUES[byte] = 1
for (const byte of Buffer.from(']}')) DEEPER[byte] = -1
for (const byte of Buffer.from(',')) VALUES[byte] = 1

/** Takes the raw bytes of messages, which digests are about. */
export interface BodyReader {
  /**
   * Reads a message and holds its place while `act` runs. Throws what `readBytes` throws, 413 above
   * `MAX_BODY_BYTES`, and `UnavailableError` for a large one while too many of these are being handled.
   */
  withBody<T>(request: IncomingMessage, act: (body: Buffer) => Promise<T>): Promise<T>
}

export function createBodyReader(largePlaces = LARGE_PLACES): BodyReader {
  let inUse = 0
  return {
    async withBody(request, act) {
      let isLarge = false
      const onGrowth = (sizeBytes: number) => {
        if (isLarge || sizeBytes <= SMALL_BYTES) return
        if (inUse >= largePlaces) throw tooManyLarge()
        isLarge = true
        inUse += 1
      }
      try {
        return await act(await readBytes(request, MAX_BODY_BYTES, { onGrowth }))
      } finally {
        if (isLarge) inUse -= 1
      }
    },
  }
}

function tooManyLarge(): UnavailableError {
  return new UnavailableError('Many large messages are being handled; send it again.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}

/**
 * False for JSON that is deeper, or of more values, than any message: parsing a mebibyte of brackets takes
 * longer than all the rest. Looks at brackets and commas outside of strings, nothing else.
 */
export function isPlainJson(bytes: Uint8Array): boolean {
  let depth = 0
  let values = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) at = endOfString(bytes, at + 1)
    depth += DEEPER[byte] ?? 0
    values += VALUES[byte] ?? 0
    if (depth > MAX_DEPTH || values > MAX_VALUES) return false
  }
  return true
}

function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at += 1
    else if (bytes[at] === QUOTE) return at
  }
  return bytes.length
}

/** The fields of a posted form; undefined when there are more than any message has. */
export function findFields(bytes: Uint8Array): URLSearchParams | undefined {
  const text = Buffer.from(bytes).toString('utf8')
  let count = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    count += 1
    if (count > MAX_FIELDS) return undefined
  }
  return new URLSearchParams(text)
}
