import { type DtrEvent, type DtrState, isFinal, nextState } from './dtr-states.ts'
import type { TransferFile } from './types.ts'

/** Applies an event to a request. A final state leaves the queue. */
export function move(file: TransferFile, event: DtrEvent): void {
  file.state = nextState(file.state, event)
  if (isFinal(file.state)) leaveQueue(file)
}

/** Where a request that was interrupted goes on: nothing that only lived in the worker is needed there. */
export function resumable(state: DtrState): DtrState {
  return nextState(state, 'lost')
}

/** Gives the lease back at once, and with it the attempt that was not the file's fault. */
export function giveBack(file: TransferFile): void {
  file.state = resumable(file.state)
  file.attempts = Math.max(0, file.attempts - 1)
  file.queue = 'ready'
  file.leaseOwner = null
  file.nextAtMs = 0
}

/** True while nothing was fetched yet: an attempt that was given back left its bytes, though it does not count. */
export function isFirstAttempt(file: TransferFile): boolean {
  return file.attempts <= 1 && file.stagedName === null
}

/** Lets the request rest until `atMs`. */
export function postpone(file: TransferFile, atMs: number): void {
  file.queue = 'held'
  file.leaseOwner = null
  file.nextAtMs = atMs
}

function leaveQueue(file: TransferFile): void {
  file.queue = 'none'
  file.leaseOwner = null
  if (file.state !== 'DONE' && file.state !== 'SKIPPED') return
  file.errorCode = file.errorType = file.errorLocation = file.errorText = null
}
