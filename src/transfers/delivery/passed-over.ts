import type { Fault } from '../transfer-error.ts'
import type { Delivery } from './deliveries-repo.ts'

/** A worker could not do it, for reasons of its own; somebody else is asked at once. */
export interface PassedOver {
  host: string
  fault: Fault
}

/** `what` completes the sentence that begins with the name of the worker. */
export function passedOver(delivery: Delivery, code: string, what: string): PassedOver {
  return { host: delivery.hostName, fault: faultOf(delivery, code, what) }
}

/** A fault of the worker itself, never of the file: temporary. */
export function faultOf({ hostName }: Delivery, code: string, what: string): Fault {
  return {
    code,
    type: 'INTERNAL_PROCESS_ERROR',
    location: 'ERROR_TRANSFER',
    message: `The delivery worker ${hostName} ${what}.`,
    temporary: true,
  }
}

/** What stands for the report of a worker that left none. */
export function noReport(delivery: Delivery) {
  const fault = faultOf(delivery, 'WORKER_SILENT', 'ended without a word')
  return { fault, isOfWorker: true, validator: null }
}
