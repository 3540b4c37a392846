import { AppError } from '../../platform/errors.ts'
import { OutboundError } from '../../platform/outbound-error.ts'

/** Why a copy failed, in words for whoever ordered it; never a secret. */
export class CopyFailure extends Error {
  override name = 'CopyFailure'
}

/** The words of the HTTP-TPC document for a refusal, which clients read the status from. */
export function remoteStatus(host: string, method: string, status: number): CopyFailure {
  return new CopyFailure(`Remote side failed with status code ${status} (${method} at ${host})`)
}

const MAX_CHARACTERS = 500

/** One line; undefined for a failure of ours, of which the other side is told nothing. */
export function failureText(error: unknown): string | undefined {
  const known = error instanceof AppError || error instanceof OutboundError || error instanceof CopyFailure
  if (!known) return undefined
  return error.message.replace(/[\x00-\x1f\x7f\s]+/g, ' ').slice(0, MAX_CHARACTERS)
}
