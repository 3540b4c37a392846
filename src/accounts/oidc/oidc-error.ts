import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import { AppError, BadGatewayError, ForbiddenError, messageOf } from '../../platform/errors.ts'
import { OutboundError } from '../../platform/outbound-error.ts'

/** What went wrong between us and an identity provider, in words for whoever wanted to sign in. */
export function toOidcError(label: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof AuthorizationResponseError) return refusedThere(label, error)
  const options = { code: 'PROVIDER_FAILED', cause: error }
  const outbound = outboundIn(error)
  if (outbound !== undefined) {
    return new BadGatewayError(`${label} cannot be asked: ${outbound.message}`, options)
  }
  if (error instanceof ResponseBodyError) {
    return new BadGatewayError(
      `${label} did not confirm who you are (${error.error}). Start again; if it stays so, tell the operators.`,
      options,
    )
  }
  return new BadGatewayError(`${label} gave an answer that cannot be relied on: ${messageOf(error)}`, options)
}

function refusedThere(label: string, error: AuthorizationResponseError): AppError {
  const options = { code: 'PROVIDER_REFUSED', cause: error }
  if (error.error === 'access_denied') {
    return new ForbiddenError(`${label} did not let you in, or you stopped there.`, options)
  }
  return new BadGatewayError(`${label} could not sign you in (${error.error}). Start again.`, options)
}

function outboundIn(error: unknown): OutboundError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof OutboundError) return at
  }
  return undefined
}
