import {
  type AppError,
  BadGatewayError,
  ForbiddenError,
  InsufficientStorageError,
  NotFoundError,
  UnavailableError,
} from '../../platform/errors.ts'
import { cutText } from '../foreign-words.ts'
import { TransferError } from '../transfer-error.ts'
import { RcloneRefusal } from './rclone-daemon.ts'

const MAX_CHARACTERS = 500

/** Addresses in rclone's texts may hold secrets (those of our relay, and signed ones) and names of users. */
function harmless(text: string): string {
  const shown = text
    .replace(/https?:\/\/\S+/g, '[address]')
    .replace(/(\w:\/\/)[^\s/@]*@/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
  return cutText(shown, MAX_CHARACTERS)
}

/** rclone's complaint about a copy as a fault of ours; anything else passes unchanged. */
export function copyFault(error: unknown): unknown {
  if (!(error instanceof RcloneRefusal)) return error
  const text = harmless(error.message)
  if (REFUSED.test(text) || NO_BUCKET.test(text)) return lasting(text)
  const isFull = /no space left|quota exceeded/i.test(text)
  return new TransferError({
    code: isFull ? 'NO_SPACE' : 'RCLONE_FAILED',
    type: isFull ? 'LOCAL_FILE_ERROR' : 'INTERNAL_PROCESS_ERROR',
    location: isFull ? 'ERROR_DESTINATION' : 'ERROR_TRANSFER',
    message: isFull
      ? 'The disk of the destination is full. Make room; the transfer goes on by itself.'
      : `rclone failed: ${text}`,
    temporary: true,
    ...(isFull ? { retryAfterSeconds: 900 } : {}),
  })
}

/** Nothing changes by trying again, except that a credential may have been mended meanwhile. */
function lasting(text: string): TransferError {
  const isRefused = REFUSED.test(text)
  return new TransferError({
    code: isRefused ? 'CREDENTIAL_REFUSED' : 'NO_BUCKET',
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_UNKNOWN',
    message: isRefused
      ? `The storage does not let us in or does not allow it (${text}). Look at the endpoint.`
      : `The storage has no such bucket (${text}). Make it there, or correct the endpoint.`,
    temporary: isRefused,
    ...(isRefused ? { maxRepeats: 2 } : {}),
  })
}

const NO_BUCKET = /NoSuchBucket/
const REFUSED =
  /unable to authenticate|permission denied|AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|\b40[13]\b|unauthorized|forbidden|expired_access_token|invalid_grant/i
const ABSENT = /not found|no such file|NoSuchBucket|NoSuchKey|\b404\b/i
const FULL = /no space left|quota exceeded|insufficient storage/i
const AWAY =
  /connection refused|i\/o timeout|no such host|connection reset|couldn't connect|network is unreachable|EOF/i

/** rclone's complaint about a storage system as the error that a store throws; anything else passes unchanged. */
export function storageError(error: unknown, label: string): unknown {
  if (!(error instanceof RcloneRefusal)) return error
  const text = harmless(error.message)
  return errorOf(text, label)
}

function errorOf(text: string, label: string): AppError {
  if (ABSENT.test(text)) return new NotFoundError(`There is nothing of that name at ${label} (${text}).`)
  if (REFUSED.test(text))
    return new ForbiddenError(`${label} does not let us in or does not allow it (${text}).`, {
      code: 'CREDENTIAL_REFUSED',
    })
  if (FULL.test(text)) return new InsufficientStorageError(`There is no room left at ${label}.`)
  if (AWAY.test(text))
    return new UnavailableError(`${label} cannot be reached (${text}).`, { code: 'REMOTE_UNREACHABLE' })
  return new BadGatewayError(`${label} failed: ${text}.`, { code: 'REMOTE_BAD_ANSWER' })
}
