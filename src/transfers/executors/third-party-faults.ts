import { classify } from '../classify.ts'
import { cutText } from '../foreign-words.ts'
import { type ErrorLocation, type Fault, HttpStatusError, TransferError } from '../transfer-error.ts'
import type { Way } from './third-party-memory.ts'

const MAX_CHARACTERS = 300
const NO_SPACE_RETRY_SECONDS = 900
const REFUSAL_TRIES = 2
const CHECKSUM_TRIES = 3

/** Where the end lies that the copying server talks to, and where that one itself lies. */
export function locationsOf(way: Way): { copier: ErrorLocation; other: ErrorLocation } {
  return way === 'pull'
    ? { copier: 'ERROR_DESTINATION', other: 'ERROR_SOURCE' }
    : { copier: 'ERROR_SOURCE', other: 'ERROR_DESTINATION' }
}

/** What a server answered to our own request, judged like every answer. */
export function statusFault(error: HttpStatusError, location: ErrorLocation, detail = ''): TransferError {
  const fault = classify(error, { location, bytesMoved: false })
  return new TransferError({
    ...fault,
    message: detail === '' ? fault.message : `${fault.message} ${detail}`,
  })
}

/** What the copying server says went wrong, or FTS; only its words are there to judge by. */
export function spokenFault(said: string, host: string, remote: ErrorLocation): TransferError {
  const text = said === '' ? 'it does not say why' : said
  const message = `${host} could not copy the file: ${text}.`.replace(/\.\.$/, '.')
  return new TransferError({ ...judge(text, host, remote), message })
}

function judge(text: string, host: string, remote: ErrorLocation): Fault {
  const found = RULES.find(([pattern]) => pattern.test(text))
  if (found !== undefined) return { ...found[1], location: found[1].location ?? remote } as Fault
  const status = statusIn(text)
  if (status === undefined)
    return temporary('COPY_FAILED', remote === 'ERROR_UNKNOWN' ? remote : 'ERROR_TRANSFER')
  const fault = classify(new HttpStatusError(host, 'COPY', status), { location: remote, bytesMoved: false })
  // The fault may be that of a token that has run out meanwhile.
  return isAboutRight(fault) ? { ...fault, temporary: true, maxRepeats: REFUSAL_TRIES } : fault
}

function temporary(code: string, location: ErrorLocation): Fault {
  return { code, type: 'TEMPORARY_REMOTE_ERROR', location, message: '', temporary: true }
}

type Judgement = Omit<Fault, 'location' | 'message'> & { location?: ErrorLocation }

const isTemporary = { type: 'TEMPORARY_REMOTE_ERROR', temporary: true } as const
const isPermanent = { type: 'PERMANENT_REMOTE_ERROR', temporary: false } as const

/** Words of XRootD, dCache, StoRM, gfal2 and this node; the first that fits. */
const RULES: readonly (readonly [RegExp, Judgement])[] = [
  [
    /check\s?sum.{0,40}(mismatch|not match|differ|incorrect|wrong)|(mismatch|wrong).{0,20}check\s?sum/i,
    {
      code: 'CHECKSUM_MISMATCH',
      type: 'TRANSFER_SPEED_ERROR',
      location: 'ERROR_TRANSFER',
      temporary: true,
      maxRepeats: CHECKSUM_TRIES,
    },
  ],
  [
    /no space|disk (is )?full|quota|\b507\b|NO_FREE_SPACE|insufficient storage/i,
    {
      ...{ code: 'NO_SPACE', location: 'ERROR_DESTINATION', retryAfterSeconds: NO_SPACE_RETRY_SECONDS },
      ...isTemporary,
    },
  ],
  [
    /file exists|already exists|exists and overwrite|\b412\b|EEXIST|precondition failed/i,
    { code: 'HTTP_412', location: 'ERROR_DESTINATION', maxRepeats: CHECKSUM_TRIES, ...isTemporary },
  ],
  [/partial file|short (read|body)/i, { code: 'SHORT_BODY', ...isTemporary }],
  [
    /performance marker|timed? ?out|operation timeout|connection (was )?(refused|reset|closed)|forcefully killed|name or service not known|cannot be reached/i,
    { code: 'COPY_FAILED', location: 'ERROR_TRANSFER', ...isTemporary },
  ],
  [/no such file|does not exist|ENOENT|file not found/i, { code: 'HTTP_404', ...isPermanent }],
  [/not ONLINE|is offline/i, { code: 'NOT_ONLINE', location: 'ERROR_SOURCE', ...isPermanent }],
  [
    /proxy expired|permission denied|EACCES|authorization failed|unauthori[sz]ed/i,
    { code: 'HTTP_403', maxRepeats: REFUSAL_TRIES, ...isTemporary },
  ],
  [
    /is a directory|EISDIR|name too long|ENAMETOOLONG|EPROTONOSUPPORT/i,
    { code: 'COPY_REFUSED', ...isPermanent },
  ],
]

/** The status of HTTP in a sentence, as XRootD, StoRM and we write it: `status code 404`, `HTTP/1.1 503`, `error 502`. */
function statusIn(text: string): number | undefined {
  const match =
    /(?:status(?:\s+code)?|http(?:\/[\d.]+)?|error|code)\s*[:=]?\s*([45]\d\d)\b/i.exec(text) ??
    /\b([45]\d\d)\b/.exec(text)
  return match === null ? undefined : Number(match[1])
}

/** Words of another server: one line, not endless, and without what only we and the servers may know. */
export function clean(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) shown = shown.replaceAll(secret, '…')
  const line = shown
    .replace(/[\x00-\x1f\x7f\s]+/g, ' ')
    .replace(/\bbearer\s+\S+/gi, 'Bearer …')
    .trim()
  return cutText(line, MAX_CHARACTERS)
}

/** True where only this file, or the room for it, is the matter, and not what the two servers make of each other. */
export function isOfFile({ code }: Fault): boolean {
  return ['HTTP_404', 'HTTP_410', 'HTTP_412', 'NO_SPACE', 'HTTP_507', 'HTTP_423', 'HTTP_413'].includes(code)
}

/** True where the matter is who is asking, which is another thing for the next user. */
export function isAboutRight({ code }: Fault): boolean {
  return code === 'HTTP_401' || code === 'HTTP_403'
}
