import { GrantRefusedError, PeerError } from '../ocm/peer-error.ts'
import { toPeerAppError } from './peer-failures.ts'
import { shareGone } from './remote-errors.ts'
import type { ReceivedShare } from './types.ts'

/** True when no token is exchanged for the secret of a share, there or here. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof PeerError && error.reason === 'unsupported'
}

/** What went wrong with an exchange, as the user of the share is told. */
export function toShareError(share: ReceivedShare, error: unknown): unknown {
  if (error instanceof GrantRefusedError) return shareGone(share.peerHost)
  return error instanceof PeerError ? toPeerAppError(error) : error
}
