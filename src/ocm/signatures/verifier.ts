import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { toVerificationKey } from './algorithms.ts'
import { MAX_AGE_SECONDS, MAX_FUTURE_SECONDS, type OcmSignature } from './ocm-signature.ts'
import type { PeerKeys } from './peer-keys.ts'
import type { ReplaysRepo } from './replays-repo.ts'
import { type HttpMessage, signatureBase } from './signature-base.ts'
import { SignatureError } from './signature-error.ts'

const PURGE_EVERY_MS = 60 * 1000

export interface Verifier {
  /** Proves that `host` signed this message, for the first time. Throws `SignatureError`. */
  verify(message: HttpMessage, signature: OcmSignature, host: string): Promise<void>
}

/** Verification with the peer's published key (draft-07 "Verifying"), and a memory against replays. */
export function createVerifier(options: { keys: PeerKeys; replays: ReplaysRepo; clock: Clock }): Verifier {
  const { keys, replays, clock } = options
  let purgedAtMs = 0
  return {
    async verify(message, signature, host) {
      const base = signatureBase(message, signature.input)
      const key = toVerificationKey(await keys.getKey(host, signature.keyid))
      if (!key.verify(base, signature.bytes, signature.alg)) {
        throw new SignatureError(
          'SIGNATURE_INVALID',
          `the signature is not one of ${signature.keyid} over this request`,
        )
      }
      const nowMs = clock.nowMs()
      if (nowMs - purgedAtMs >= PURGE_EVERY_MS) {
        purgedAtMs = nowMs
        await replays.forgetExpired(nowMs)
      }
      if (!(await replays.remember(replayHash(host, base), lastValidMs(signature)))) {
        throw new SignatureError('SIGNATURE_REPLAYED', `this signed request of ${host} was received before`)
      }
    },
  }
}

/**
 * What was signed, not the signature: an ECDSA signature has a twin that verifies as well, so its
 * bytes would not tell a replay.
 */
function replayHash(host: string, base: string): string {
  return createHash('sha256').update(`${host}\n${base}`).digest('hex')
}

/** After this moment the age rule refuses the message anyway. */
function lastValidMs(signature: OcmSignature): number {
  return (signature.createdSeconds + MAX_AGE_SECONDS + MAX_FUTURE_SECONDS) * 1000
}
