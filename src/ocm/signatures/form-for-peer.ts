import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import type { SignatureForm } from './signature-form.ts'
import type { Signable, Signer } from './signer.ts'

/** Nextcloud 31 to 33 refuses to verify more. */
export const CAVAGE_MAX_BODY_BYTES = 50_000

/**
 * In which form a peer wants our messages signed, by its discovery (reference: docs/protocols.md
 * "Signatures"); undefined when it does not verify any, and an unsigned message is what it understands.
 */
export function signatureFormFor(peer: PeerInfo): SignatureForm | undefined {
  const wants = peer.capabilities.includes('http-sig') || peer.criteria.includes('must-use-http-sig')
  if (wants) return peer.jwksUri === undefined ? 'draft-05' : 'draft-07'
  return peer.publicKey === undefined ? undefined : 'cavage'
}

/**
 * The headers that sign a request in the form that this peer verifies; none when it verifies nothing
 * (Nextcloud 31 to 33 would misread another form as its own). Throws `PeerError` for a body that the peer
 * would not verify.
 */
export async function signFor(
  signer: Signer,
  peer: PeerInfo,
  request: Signable,
): Promise<Record<string, string>> {
  const form = signatureFormFor(peer)
  if (form === undefined) return {}
  if (form === 'cavage' && request.body.byteLength > CAVAGE_MAX_BODY_BYTES) {
    const limit = `no signed message of more than ${CAVAGE_MAX_BODY_BYTES} bytes`
    throw new PeerError('unsupported', peer.host, `${peer.host} takes ${limit}.`)
  }
  return signer.sign(form, request)
}
