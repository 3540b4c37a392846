import { z } from 'zod'
import { retryAfterSeconds } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerFailure } from '../types.ts'

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

/** Any 2xx is a success (oCIS answers 200 for 201). Throws `PeerError` for everything else. */
export function judgeAnswer(host: string, subject: Subject, answer: PostAnswer, nowMs: number): void {
  const { status, headers } = answer
  if (status >= 200 && status < 300) return
  const said = errorBody.safeParse(answer.json).data ?? { message: '', validationErrors: [] }
  const fields = said.validationErrors.map((error) => error.name)
  const [reason, sentence] = failure(host, subject, status, fields)
  const seconds = retryAfterSeconds(headers['retry-after'], nowMs)
  const word = printable(said.message)
  const message = `${host} ${sentence}${word === '' ? '' : ` (it said: ${word})`}.`
  throw new PeerError(reason, host, message, {
    status,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    ...(subject === 'invite' && reason === 'refused' && status !== 401 && status !== 403
      ? { remedy: 'Ask for a new invitation.' }
      : {}),
  })
}

function failure(host: string, subject: Subject, status: number, fields: string[]): [PeerFailure, string] {
  if (status === 401) return ['refused', 'did not accept that the message is from this node']
  if (status === 403) return ['refused', 'does not allow this node or this person to do that']
  if (status === 501) return ['unsupported', `does not take this kind of ${subject}`]
  if (status === 503 || status === 429) return ['busy', 'is busy at the moment']
  if (status === 409) return ['refused', conflicts[subject]]
  if (status === 400 || status === 404 || status === 410) return unknownThing(host, subject, fields)
  return ['bad-answer', `gave an answer that makes no sense here, HTTP ${status}`]
}

const conflicts: Record<Subject, string> = {
  share: 'has another share of the same id',
  notification: 'says that this contradicts what it knows',
  invite: 'says that this invitation was accepted already',
}

/** Nextcloud names no field for an unknown person, so only other fields speak against it. */
function unknownThing(host: string, subject: Subject, fields: string[]): [PeerFailure, string] {
  if (subject === 'invite')
    return ['refused', 'does not know this invitation: it is used up, withdrawn or too old']
  if (subject === 'notification') return ['refused', 'does not know this share']
  const others = fields.filter((name) => name !== '' && name !== 'shareWith')
  if (others.length > 0 && !fields.includes('shareWith')) {
    return ['bad-answer', `did not accept these members of the share: ${printable(others.join(', '))}`]
  }
  return ['recipient-unknown', `does not know this person on ${host}`]
}

/** Text of strangers, cut and without control characters. */
function printable(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .trim()
    .slice(0, 200)
}
