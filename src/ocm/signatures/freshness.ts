import { SignatureError } from './signature-error.ts'

/** How far a signer's clock may be ahead of ours, and how long a signature is taken. */
export const MAX_FUTURE_SECONDS = 60
export const MAX_AGE_SECONDS = 300

/** The time rule of every form; `expiresSeconds` is the signer's own limit. Throws `SignatureError`. */
export function checkAge(
  { createdSeconds, expiresSeconds }: { createdSeconds: number; expiresSeconds?: number | undefined },
  nowSeconds: number,
): void {
  const ageSeconds = nowSeconds - createdSeconds
  if (ageSeconds < -MAX_FUTURE_SECONDS) {
    throw new SignatureError(
      'SIGNATURE_FROM_THE_FUTURE',
      `the signature is made ${Math.round(-ageSeconds)} s from now`,
    )
  }
  if (ageSeconds > MAX_AGE_SECONDS || (expiresSeconds !== undefined && nowSeconds > expiresSeconds)) {
    throw new SignatureError('SIGNATURE_EXPIRED', `the signature is ${Math.round(ageSeconds)} s old`)
  }
}

/** After this moment the age rule refuses the message anyway. */
export function lastValidMs({ createdSeconds }: { createdSeconds: number }): number {
  return (createdSeconds + MAX_AGE_SECONDS + MAX_FUTURE_SECONDS) * 1000
}
