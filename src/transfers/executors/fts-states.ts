import { OutboundError } from '../../platform/outbound-error.ts'
import { TransferError } from '../transfer-error.ts'
import type { FtsJob } from './fts-client.ts'
import { spokenFault } from './third-party-faults.ts'

/** Why a job that is over did not finish. */
export function faultOf({ state, reason }: FtsJob, host: string): TransferError {
  if (state !== 'CANCELED') return spokenFault(reason, `The FTS server ${host}`, locationIn(reason))
  return new TransferError({
    code: 'FTS_CANCELED',
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_TRANSFER',
    message: `The job was cancelled at the FTS server ${host}.`,
    temporary: false,
  })
}

/** Of the file, and of the job where no file is told. */
export function isOver(state: string): boolean {
  return ['FINISHED', 'FAILED', 'CANCELED', 'FINISHEDDIRTY'].includes(state)
}

/** Worth asking again: the job itself may be well. */
export function isPassing(error: unknown): boolean {
  return error instanceof OutboundError || (error instanceof TransferError && error.fault.temporary)
}

/** FTS begins its reasons with where it happened: `SOURCE [2] …`, `DESTINATION [17] …`, `TRANSFER [110] …`. */
function locationIn(reason: string) {
  const word = /\b(SOURCE|DESTINATION)\b/.exec(reason)?.[1]
  if (word === undefined) return 'ERROR_TRANSFER'
  return word === 'SOURCE' ? 'ERROR_SOURCE' : 'ERROR_DESTINATION'
}

/** A fault that passes. */
export function passing(code: string, message: string): TransferError {
  const facts = { code, message, type: 'TEMPORARY_REMOTE_ERROR', location: 'ERROR_TRANSFER' } as const
  return new TransferError({ ...facts, temporary: true })
}
