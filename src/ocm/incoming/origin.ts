import type { Clock } from '../../platform/clock.ts'
import type { RateLimit } from '../../platform/rate-limit.ts'
import { findHost } from '../address.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { toPeerError } from '../peer-answer.ts'
import type { SignaturePolicy } from '../policy.ts'
import { checkBeforeKey, inspectSignature } from '../signatures/ocm-signature.ts'
import type { PeerPins, Remember } from '../signatures/peer-pins.ts'
import type { HttpMessage } from '../signatures/signature-base.ts'
import { SignatureError } from '../signatures/signature-error.ts'
import type { OcmSignature } from '../signatures/signature-form.ts'
import type { Verifier } from '../signatures/verifier.ts'
import type { Trust } from '../trust.ts'
import { OcmRefusal } from './ocm-answer.ts'
import type { RefusedMessages } from './refused-messages.ts'

/** A message whose signature, when it has one, is whole and fresh; its origin is still to be proven. */
export interface SealedMessage {
  message: HttpMessage
  signature: OcmSignature | undefined
}

export interface OriginJudge {
  /** What costs nothing: is it signed as it must be, complete and fresh? Throws `SignatureError`. */
  open(message: HttpMessage): SealedMessage
  /**
   * Is it from `host`, and do we talk to `host`? Throws `SignatureError` (401) or `OcmRefusal`: 403, or
   * 429 when the host sends too much.
   */
  prove(sealed: SealedMessage, host: string): Promise<void>
  /** The message was accepted: what it told about the keys of its sender is written down. */
  settle(sealed: SealedMessage): Promise<void>
}

export interface OriginOptions {
  policy: SignaturePolicy
  verifier: Verifier
  pins: PeerPins
  discovery: PeerDiscovery
  trust: Trust
  /** Messages of one peer. */
  limit: RateLimit
  clock: Clock
  /** Told of whatever fails because of its signature, for operators. */
  refusals: RefusedMessages
  /** A host has proven that it is there. */
  onProven?: (host: string) => void
}

/**
 * Decides where a message comes from. The trust list is asked before the key is fetched, so that a
 * node with an allow list never calls servers that strangers name. Only what is proven counts against
 * a peer's limit, so that nobody can use it up in its name.
 */
export function createOriginJudge(options: OriginOptions): OriginJudge {
  const proven = new WeakMap<SealedMessage, Remember>()
  const { refusals } = options
  return {
    open(message) {
      let signature: OcmSignature | undefined
      try {
        signature = inspectSignature(message.headers)
        if (signature !== undefined) checkBeforeKey(signature, message, options.clock.nowMs())
        else if (options.policy === 'always') throw unsigned('the message is not signed')
        return { message, signature }
      } catch (error) {
        // Never rejects; the answer need not wait for it.
        if (error instanceof SignatureError) void refusals.refused(signerOf(signature), error)
        throw error
      }
    },
    async prove(sealed, host) {
      const { message, signature } = sealed
      if (!(await options.trust.isTrusted(host))) throw new OcmRefusal(403, 'SENDER_NOT_TRUSTED')
      try {
        if (signature === undefined) await checkMayBeUnsigned(options, host)
        else proven.set(sealed, await options.verifier.verify(message, signature, host))
      } catch (error) {
        if (error instanceof SignatureError) await refusals.refused(host, error)
        throw error
      }
      if (signature !== undefined) await refusals.proven(host)
      const waitSeconds = options.limit.take(host)
      if (waitSeconds > 0) throw OcmRefusal.tooMany(waitSeconds)
      if (signature !== undefined) options.onProven?.(host)
    },
    settle: async (sealed) => proven.get(sealed)?.(),
  }
}

/** A peer that can sign, or did, must: otherwise leaving the signature away would be the way to forge one. */
async function checkMayBeUnsigned({ policy, pins, discovery }: OriginOptions, host: string): Promise<void> {
  if (policy === 'never') return
  if (await pins.hasSigned(host)) throw unsigned(`not signed, and ${host} signed its messages before`)
  const peer = await discovery.discover(host).catch((error: unknown) => {
    const failure = toPeerError(host, error)
    throw new SignatureError('SENDER_NOT_DISCOVERABLE', failure.message, failure)
  })
  if (peer.capabilities.includes('http-sig')) throw unsigned(`not signed, and ${host} announces signatures`)
}

/** Whose key it says to be. */
function signerOf(signature: OcmSignature | undefined): string | undefined {
  return signature && findHost(signature.keyid.split('#')[0] ?? '')
}

function unsigned(why: string): SignatureError {
  return new SignatureError('SIGNATURE_REQUIRED', why)
}
