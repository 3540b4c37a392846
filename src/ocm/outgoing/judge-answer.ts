import { z } from 'zod'
import { retryAfterSeconds } from '../peer-answer.ts'
import { PeerError, type PeerFailure } from '../peer-error.ts'

/** What a peer answered to a POST. */
export interface PostAnswer {
  status: number
  headers: Record<string, string>
  /** Undefined when the body is empty or not JSON. */
  json: unknown
}

/** What the message was about; a 400 or 404 means something else for each. */
export type Subject = 'share' | 'notification' | 'invite'

const errorBody = z.looseObject({
  message: z.string().catch(''),
  validationErrors: z
    .array(z.looseObject({ name: z.string().catch(''), message: z.string().catch('') }))
    .catch([]),
})

/** What the answer says, as far as it says anything. */
interface Said {
  host: string
  subject: Subject
  status: number
  word: string
  fields: string[]
}

interface Judgement {
  reason: PeerFailure
  sentence: string
  refusesShape?: boolean
}

/**
 * Any 2xx is a success, whatever its body (oCIS answers 200 for 201, ownCloud 10 an array), but a web
 * page with 200, which comes from something else at that address. Throws `PeerError` for all others.
 */
export function judgeAnswer(host: string, subject: Subject, answer: PostAnswer, nowMs: number): void {
  const { status, headers } = answer
  if (status >= 200 && status < 300 && !isWebPage(answer)) return
  const body = errorBody.safeParse(answer.json).data ?? { message: '', validationErrors: [] }
  const said = { host, subject, status, ...wordsOf(body) }
  const { reason, sentence, refusesShape = false } = judge(said)
  const seconds = retryAfterSeconds(headers['retry-after'], nowMs)
  const message = `${host} ${sentence}${said.word === '' ? '' : ` (it said: ${said.word})`}.`
  throw new PeerError(reason, host, message, {
    status,
    refusesShape,
    said: said.word,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    ...(subject === 'invite' && reason === 'refused' && status !== 401 && status !== 403
      ? { remedy: 'Ask for a new invitation.' }
      : {}),
  })
}

/** Nextcloud wants exactly 201 for a success and sends it, so a page with 201 is one with a warning on it. */
function isWebPage({ status, headers, json }: PostAnswer): boolean {
  return status !== 201 && json === undefined && /^text\/html\b/i.test(headers['content-type'] ?? '')
}

function wordsOf({ message, validationErrors }: z.infer<typeof errorBody>) {
  const words = [message, ...validationErrors.map((error) => error.message)]
  return {
    word: printable(message),
    fields: validationErrors.map((error) => error.name).filter((name) => name !== ''),
    all: words.map(printable).join(' '),
  }
}

function judge(said: Said & { all: string }): Judgement {
  const { subject, status } = said
  if (status < 300) return { reason: 'bad-answer', sentence: 'answers with a web page' }
  if (status === 401) {
    const reason = OF_SIGNATURE_WORD.test(said.all) ? 'signature-refused' : 'refused'
    return { reason, sentence: 'did not accept that the message is from this node' }
  }
  if (status === 403)
    return { reason: 'refused', sentence: 'does not allow this node or this person to do that' }
  if (status === 501) return unsupported(said)
  if (status === 503 || status === 429) return { reason: 'busy', sentence: 'is busy at the moment' }
  if (status === 409) return { reason: 'refused', sentence: conflicts[subject] }
  if (status === 400 || status === 404 || status === 410) return unknownThing(said)
  return { reason: 'bad-answer', sentence: `gave an answer that makes no sense here, HTTP ${status}` }
}

const conflicts: Record<Subject, string> = {
  share: 'has another share of the same id',
  notification: 'says that this contradicts what it knows',
  invite: 'says that this invitation was accepted already',
}

/** Another form does not help where it is the kind of share, or all of it, that is not taken. */
const OF_KIND = /share.?type|sharing with|group|disabled/i

function unsupported({ subject, word }: Said): Judgement {
  const refusesShape = subject === 'share' && !OF_KIND.test(word)
  return { reason: 'unsupported', sentence: `does not take this kind of ${subject}`, refusesShape }
}

/** Nextcloud says 400 to a signature that is missing, wrong or too old. */
const OF_SIGNATURE = /sign|digest|too old|key.?id|in (?:header|request)$/i
/** Our own words for it, and those of others of the newer kind. */
const OF_SIGNATURE_WORD = /sign(?:ature|er|ed)|digest|^key[_ ]|key.?id/i
const OF_NOTICE_TYPE = /not supported|unsupported/i

function unknownThing(said: Said & { all: string }): Judgement {
  const { subject, all } = said
  if (OF_SIGNATURE.test(all))
    return { reason: 'signature-refused', sentence: 'did not accept the signature of this node' }
  if (subject === 'invite') {
    return {
      reason: 'refused',
      sentence: 'does not know this invitation: it is used up, withdrawn or too old',
    }
  }
  if (subject === 'share') return unknownOfShare(said)
  if (OF_NOTICE_TYPE.test(all)) return { reason: 'unsupported', sentence: 'does not take this notification' }
  return { reason: 'refused', sentence: 'does not know this share' }
}

const OF_PERSON = /user|recipient|person|not.?found|exist/i
const OF_FORM = /missing|argument|param|protocol|option|support|invalid|format|secret|requir|valid/i

/**
 * 400 and 404 are about the recipient or about the message; the fields tell, or else the words.
 * Nextcloud names no field for an unknown person, so only other fields speak against it.
 */
function unknownOfShare({ host, status, word, fields }: Said): Judgement {
  const others = fields.filter((name) => name !== 'shareWith')
  if (others.length > 0 && others.length === fields.length) {
    const sentence = `did not accept these members of the share: ${printable(others.join(', '))}`
    return { reason: 'bad-answer', sentence, refusesShape: status === 400 }
  }
  const isForm = status === 400 && fields.length === 0 && OF_FORM.test(word) && !OF_PERSON.test(word)
  if (isForm) return { reason: 'bad-answer', sentence: 'did not accept the message', refusesShape: true }
  const refusesShape = status === 400 && fields.length === 0 && word === ''
  return { reason: 'recipient-unknown', sentence: `does not know this person on ${host}`, refusesShape }
}

/** Text of strangers in one line. What stands in braces is cut: OpenCloud repeats the secret there. */
function printable(text: string): string {
  return text
    .replace(/\{.*$/s, '…')
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .trim()
    .slice(0, 200)
}
