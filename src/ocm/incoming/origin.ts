import type { Clock } from '../../platform/clock.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { toPeerError } from '../peer-answer.ts'
import { checkBeforeKey, inspectSignature, type OcmSignature } from '../signatures/ocm-signature.ts'
import type { HttpMessage } from '../signatures/signature-base.ts'
import { SignatureError } from '../signatures/signature-error.ts'
import type { Verifier } from '../signatures/verifier.ts'
import type { Trust } from '../trust.ts'
import { OcmRefusal } from './ocm-answer.ts'

/** A message whose signature, when it has one, is whole and fresh; its origin is still to be proven. */
export interface SealedMessage {
  message: HttpMessage
  signature: OcmSignature | undefined
}

export interface OriginJudge {
  /** What costs nothing: is it signed as it must be, complete and fresh? Throws `SignatureError`. */
  open(message: HttpMessage): SealedMessage
  /** Is it from `host`, and do we talk to `host`? Throws `SignatureError` (401) or `OcmRefusal` (403). */
  prove(sealed: SealedMessage, host: string): Promise<void>
}

export interface OriginOptions {
  requireSignatures: boolean
  verifier: Verifier
  discovery: PeerDiscovery
  trust: Trust
  clock: Clock
}

/**
 * Decides where a message comes from. The trust list is asked before the key is fetched, so that a
 * node with an allow list never calls servers that strangers name.
 */
export function createOriginJudge(options: OriginOptions): OriginJudge {
  return {
    open(message) {
      const inspection = inspectSignature(message.headers)
      if (inspection.form === 'unsupported') {
        throw new SignatureError('SIGNATURE_FORM_NOT_SUPPORTED', 'signed in an older form than draft-07')
      }
      const signature = inspection.form === 'ocm' ? inspection.signature : undefined
      if (signature !== undefined) checkBeforeKey(signature, message, options.clock.nowMs())
      else if (options.requireSignatures) throw unsigned()
      return { message, signature }
    },
    async prove({ message, signature }, host) {
      if (!(await options.trust.isTrusted(host))) throw new OcmRefusal(403, 'SENDER_NOT_TRUSTED')
      if (signature === undefined) await checkMayBeUnsigned(options.discovery, host)
      else await options.verifier.verify(message, signature, host)
    },
  }
}

/** A peer that can sign must: otherwise leaving the signature away would be the way to forge one. */
async function checkMayBeUnsigned(discovery: PeerDiscovery, host: string): Promise<void> {
  const peer = await discovery.discover(host).catch((error: unknown) => {
    const failure = toPeerError(host, error)
    throw new SignatureError('SENDER_NOT_DISCOVERABLE', failure.message, failure)
  })
  if (peer.capabilities.includes('http-sig')) throw unsigned()
}

function unsigned(): SignatureError {
  return new SignatureError('SIGNATURE_REQUIRED', 'the message is not signed')
}
