import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { type PublicJwk, toVerificationKey } from './algorithms.ts'
import { lastValidMs } from './freshness.ts'
import type { PeerKeys } from './peer-keys.ts'
import type { PeerPins, Remember } from './peer-pins.ts'
import type { ReplaysRepo } from './replays-repo.ts'
import type { HttpMessage } from './signature-base.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature } from './signature-form.ts'

const PURGE_EVERY_MS = 60 * 1000

export interface Verifier {
  /**
   * Proves that `host` signed this message, for the first time; `Remember` is to be called when the message
   * is accepted. Throws `SignatureError`.
   */
  verify(message: HttpMessage, signature: OcmSignature, host: string): Promise<Remember>
}

export interface VerifierOptions {
  keys: PeerKeys
  pins: PeerPins
  replays: ReplaysRepo
  clock: Clock
}

/** Verification with the peer's published key (draft-07 "Verifying"), and a memory against replays. */
export function createVerifier({ keys, pins, replays, clock }: VerifierOptions): Verifier {
  let purgedAtMs = 0
  const purge = async (nowMs: number) => {
    if (nowMs - purgedAtMs < PURGE_EVERY_MS) return
    purgedAtMs = nowMs
    await replays.forgetExpired(nowMs)
  }
  return {
    async verify(message, signature, host) {
      const base = signature.base(message)
      const key = await findFittingKey(keys, host, signature, base)
      if (key === undefined) {
        const message = `the signature is not one of ${signature.keyid.slice(0, 200)} over this request`
        throw new SignatureError('SIGNATURE_INVALID', message)
      }
      const remember = await pins.admit(host, signature, key)
      await purge(clock.nowMs())
      const hash = replayHash(host, base, nonceOf(key, signature))
      if (!(await isFirstUse(replays, signature, hash, usesOf(message, signature, { key, clock })))) {
        throw new SignatureError('SIGNATURE_REPLAYED', `this signed request of ${host} was received before`)
      }
      return remember
    },
  }
}

/** Signatures are made to the second, and those of equal messages may be equal. */
const TWIN_SECONDS = 2
const MAX_TWINS = 5

/** False for a message that was received as often as it may be. */
async function isFirstUse(
  replays: ReplaysRepo,
  signature: OcmSignature,
  hash: string,
  uses: number,
): Promise<boolean> {
  for (let use = 0; use < uses; use++) {
    const name = use === 0 ? hash : `${hash}#${use}`
    if (await replays.remember(name, lastValidMs(signature))) return true
  }
  return false
}

/** What may be said twice: a notice changes nothing the second time, and of tokens several are good. */
const REPEATABLE = ['/ocm/notifications', '/ocm/token']

/**
 * How often a message is taken. Equal messages of one second have equal signatures where the key makes the same of
 * the same (Ed25519, RSA) and no nonce tells them apart: two people who accept the share of a group, two
 * processes that want a token. So a few of them are taken while they are fresh, where a repetition does no harm. A
 * share, an accepted invitation, and what is signed so that no other is the same, is taken once.
 */
function usesOf(message: HttpMessage, signature: OcmSignature, { key, clock }: Judged): number {
  const { pathname } = new URL(message.targetUri)
  const isUnique = signature.hasNonce === true || key.kty === 'EC'
  const isRepeatable = REPEATABLE.some((path) => pathname.endsWith(path))
  const isFresh = Math.abs(clock.nowMs() / 1000 - signature.createdSeconds) <= TWIN_SECONDS
  return isRepeatable && isFresh && !isUnique ? MAX_TWINS : 1
}

interface Judged {
  key: PublicJwk
  clock: Clock
}

/** A peer may have another key under the same id since we asked (Nextcloud's is always `#signature`). */
async function findFittingKey(
  keys: PeerKeys,
  host: string,
  signature: OcmSignature,
  base: string,
): Promise<PublicJwk | undefined> {
  const key = await keys.getKey(host, signature)
  if (fits(key, signature, base)) return key
  const fresh = await keys.findFreshKey(host, signature)
  return fresh !== undefined && fits(fresh, signature, base) ? fresh : undefined
}

function fits(key: PublicJwk, { joseAlg, bytes, alg }: OcmSignature, base: string): boolean {
  return toVerificationKey(key, joseAlg).verify(base, bytes, alg)
}

/**
 * What was signed, not the signature: an ECDSA signature has a twin that verifies as well, so its
 * bytes would not tell a replay.
 */
function replayHash(host: string, base: string, nonce: Uint8Array): string {
  return createHash('sha256').update(`${host}\n${base}\n`).update(nonce).digest('hex')
}

/**
 * The twins of ECDSA have their first half in common, which is another each time somebody signs. So the same
 * request may be made twice within a second: Nextcloud 35 asks for a token in each of its processes.
 */
function nonceOf(key: PublicJwk, { bytes }: OcmSignature): Uint8Array {
  return bytes.subarray(0, key.kty === 'EC' ? bytes.length / 2 : 0)
}
