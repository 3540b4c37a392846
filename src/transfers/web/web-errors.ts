import { type AppError, ForbiddenError } from '../../platform/errors.ts'
import { type DavErrors, errorOfStatus } from '../../store/webdav-client/dav-errors.ts'

/** Code of errors that say a server does not take what we show, or wants something shown. */
export const CREDENTIAL_REFUSED = 'CREDENTIAL_REFUSED'

/**
 * Failures of a server that a user named. `endpointName` is the defined endpoint whose credential was
 * shown. Requests without an answer keep their `OutboundError`, which the engine judges itself.
 */
export function webErrors(endpointName: string | undefined): DavErrors {
  return {
    ofStatus: (status, call, retryAfter) =>
      status === 401 ? refusedCredential(call.host, endpointName) : errorOfStatus(status, call, retryAfter),
    ofOutbound: (error) => error,
  }
}

function refusedCredential(host: string, endpointName: string | undefined): AppError {
  const message =
    endpointName === undefined
      ? `${host} wants to know who asks (401). Define an endpoint with a password or token for it ("causeway endpoint add").`
      : `${host} does not take the credential of the endpoint ${endpointName} (401). Give the endpoint another one.`
  return new ForbiddenError(message, { code: CREDENTIAL_REFUSED })
}
