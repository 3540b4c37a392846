import { cutText } from '../foreign-words.ts'
import { TransferError } from '../transfer-error.ts'
import { problemSchema } from './wire.ts'

const RETRIED = new Set([408, 423, 425, 429, 500, 502, 503, 504])
/** An expired credential is renewed for the next attempt. */
const CREDENTIAL_TRIES = 2
const DETAIL_LENGTH = 500

export interface TapeRefusal {
  host: string
  /** What was asked: `stage`, `poll`, … */
  operation: string
  status: number
  /** The body of the answer; RFC 7807, or anything. */
  text: string
  retryAfterSeconds?: number | undefined
}

/** The fault that an answer of a tape API stands for. */
export function tapeRefused(refusal: TapeRefusal): TransferError {
  const { host, operation, status, retryAfterSeconds } = refusal
  const isGone = status === 404 && operation !== 'stage' && operation !== 'archiveinfo'
  const temporary = RETRIED.has(status) || status > 504 || status === 401 || isGone
  const said = problemOf(refusal.text)
  return new TransferError({
    // A request that the site has forgotten is made anew.
    code: isGone ? 'TAPE_REQUEST_GONE' : `TAPE_HTTP_${status}`,
    type: temporary ? 'TEMPORARY_REMOTE_ERROR' : 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `The tape system of ${host} answered ${operation} with status ${status}${said === '' ? '' : `: ${said}`}.`,
    temporary,
    ...(status === 401 ? { maxRepeats: CREDENTIAL_TRIES } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

/** It answered something that is not in the specification. */
export function tapeNonsense(host: string, operation: string): TransferError {
  return new TransferError({
    code: 'TAPE_BAD_ANSWER',
    type: 'TEMPORARY_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `The tape system of ${host} answered ${operation} with something that cannot be read. Ask its operator.`,
    temporary: true,
    maxRepeats: 3,
  })
}

/** What the tape system can never give: absent, a folder, empty, lost, forbidden. */
const LASTING =
  /no such|not found|does not exist|is a directory|not a regular file|zero|empty|lost|permission|denied|forbidden|not authori[sz]ed|invalid path/i

/** One file that was not brought to disk. Without a word from the site another attempt may go better. */
export function stageFailed(host: string, path: string, error: string | undefined): TransferError {
  const temporary = error === undefined || !LASTING.test(error)
  const said = error === undefined ? 'without a reason' : `: ${cutText(error, DETAIL_LENGTH)}`
  return new TransferError({
    code: 'TAPE_STAGE_FAILED',
    type: temporary ? 'TEMPORARY_REMOTE_ERROR' : 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `${host} did not bring ${path} from tape to disk${said.startsWith(':') ? said : ` ${said}`}.`,
    temporary,
  })
}

function problemOf(text: string): string {
  try {
    const { title = '', detail = '' } = problemSchema.parse(JSON.parse(text))
    const parts = [title, detail].filter((part) => part !== '')
    return cutText(parts.join(': '), DETAIL_LENGTH).replace(/\.$/, '')
  } catch {
    return ''
  }
}
