import { messageOf } from '../platform/errors.ts'
import { classify } from './classify.ts'
import type { ErrorLocation, Fault } from './transfer-error.ts'

/** Marks an error as the destination's. */
class LocatedError extends Error {
  readonly location: ErrorLocation
  constructor(location: ErrorLocation, cause: unknown) {
    super(messageOf(cause), { cause })
    this.location = location
  }
}

/** Says that what fails in `work` fails at that end. */
export async function at<T>(location: ErrorLocation, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new LocatedError(location, error)
  }
}

/** The judgement of whatever ended an expansion; the source's fault unless said otherwise. */
export function faultOf(error: unknown): Fault {
  if (error instanceof LocatedError)
    return classify(error.cause, { location: error.location, bytesMoved: false })
  return classify(error, { location: 'ERROR_SOURCE', bytesMoved: false })
}
