import { classify } from '../../classify.ts'
import { cutText } from '../../foreign-words.ts'
import type { Fault } from '../../transfer-error.ts'
import { DeliveryRefusedError } from './refused.ts'
import { NodeUnreachableError, NotSharedError } from './sink.ts'

/** Why a run was ended by this host or its node. */
export class LeaseEnded extends Error {
  override name = 'LeaseEnded'
  readonly reason: 'lost' | 'stop'
  constructor(reason: 'lost' | 'stop') {
    super(`The lease was ended: ${reason}.`)
    this.reason = reason
  }
}

/** True for what is wrong with this worker and not with the file: another one may be able. */
export function isOurs(error: unknown): boolean {
  return [NotSharedError, NodeUnreachableError, DeliveryRefusedError].some((one) => error instanceof one)
}

/** What the node is told of a failure. */
export function faultOf(error: unknown, bytesMoved: boolean): Fault {
  if (error instanceof NotSharedError) return ownFault('NOT_SHARED', error.message)
  if (error instanceof NodeUnreachableError) return ownFault('NODE_UNREACHABLE', error.message)
  if (error instanceof DeliveryRefusedError) return ownFault('NODE_REFUSED', error.message)
  const fault = classify(error, { location: 'ERROR_SOURCE', bytesMoved })
  return { ...fault, message: cutText(fault.message, 2000) }
}

export function stopped(): Fault {
  return ownFault('WORKER_STOPPED', 'The delivery worker was told to stop; another one goes on.')
}

function ownFault(code: string, message: string): Fault {
  return { code, type: 'INTERNAL_PROCESS_ERROR', location: 'ERROR_TRANSFER', message, temporary: true }
}
