import { ConflictError } from '../platform/errors.ts'

/**
 * Where a share stands, seen from either side. `declined`, `revoked` and `failed` give no access. Only at the
 * sender: `sending` has not reached the other server yet, as far as we know; `failed` never will.
 */
export type ShareState = 'sending' | 'failed' | 'pending' | 'accepted' | 'declined' | 'revoked'

/** `accept`, `decline` and `leave` are the recipient's, `revoke` and `retry` the owner's; the others the queue's. */
export type ShareEvent = 'accept' | 'decline' | 'leave' | 'revoke' | 'arrive' | 'fail' | 'retry'

/** A state that an event does not name is left by no such event; a repeat of what happened is allowed. */
const TABLE: Record<ShareState, Partial<Record<ShareEvent, ShareState>>> = {
  // An answer of the recipient may overtake the answer to our message.
  sending: {
    ...{ arrive: 'pending', fail: 'failed', retry: 'sending' },
    ...{ accept: 'accepted', decline: 'declined', leave: 'declined', revoke: 'revoked' },
  },
  failed: { retry: 'sending', fail: 'failed', revoke: 'revoked' },
  pending: {
    accept: 'accepted',
    decline: 'declined',
    leave: 'declined',
    revoke: 'revoked',
    arrive: 'pending',
  },
  // An acceptance that is taken back means the same as a refusal (OCM 1.4 Share Notifications).
  accepted: {
    accept: 'accepted',
    decline: 'declined',
    leave: 'declined',
    revoke: 'revoked',
    arrive: 'accepted',
  },
  declined: { decline: 'declined', leave: 'declined', revoke: 'revoked' },
  revoked: { revoke: 'revoked', leave: 'revoked' },
}

const REASONS: Record<ShareState, string> = {
  sending: 'The share is still on its way to the other server.',
  failed: 'The share did not reach the other server.',
  pending: 'The share is still waiting for an answer.',
  accepted: 'The share has been accepted.',
  declined: 'The share has been declined; ask the owner to share it again.',
  revoked: 'The share has been withdrawn; ask the owner to share it again.',
}

/** The state after an event, or undefined where the event is not possible. */
export function findNextState(state: ShareState, event: ShareEvent): ShareState | undefined {
  return TABLE[state][event]
}

/** The state after an event; throws `ConflictError` where the event is not possible. */
export function nextState(state: ShareState, event: ShareEvent): ShareState {
  const next = findNextState(state, event)
  if (next === undefined) throw new ConflictError(REASONS[state], { code: 'SHARE_STATE' })
  return next
}

/** The state people see: a share whose time is over counts as withdrawn. */
export function stateAt(
  share: { state: ShareState; expiresAtMs: number | undefined },
  nowMs: number,
): ShareState {
  const isOver = share.expiresAtMs !== undefined && share.expiresAtMs <= nowMs
  return isOver && !['declined', 'failed'].includes(share.state) ? 'revoked' : share.state
}

/** Those in which a share gives access, or may yet give it. */
export const LIVE_STATES: readonly ShareState[] = ['sending', 'pending', 'accepted']

/** True while the share gives access, or may yet give it. */
export function isLive(
  share: { state: ShareState; expiresAtMs: number | undefined },
  nowMs: number,
): boolean {
  return LIVE_STATES.includes(stateAt(share, nowMs))
}
