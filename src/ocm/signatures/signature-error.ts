/** Why a message is not taken as coming from where it says; the words go on the wire with 401. */
export type SignatureFault =
  | 'SIGNATURE_REQUIRED'
  | 'SIGNATURE_MALFORMED'
  | 'SIGNATURE_AMBIGUOUS' // more than one signature with tag="ocm"
  | 'SIGNATURE_INCOMPLETE' // a component or parameter that must be covered is not
  | 'SIGNATURE_EXPIRED'
  | 'SIGNATURE_FROM_THE_FUTURE'
  | 'SIGNATURE_INVALID'
  | 'SIGNATURE_REPLAYED'
  | 'SIGNATURE_FORM_NOT_SUPPORTED' // draft-cavage with an algorithm that is not RSA
  | 'CONTENT_LENGTH_MISMATCH'
  | 'CONTENT_DIGEST_MISMATCH'
  | 'KEY_NOT_FOUND'
  | 'SIGNER_IS_NOT_SENDER' // the key id is an address of another server than the message is from
  | 'KEY_CHANGED' // a good signature by a key that replaced all we knew; an administrator has to accept it
  | 'KEY_NOT_ACCEPTED' // the key is there, but its kind, size or algorithm is not one we take
  | 'SENDER_NOT_DISCOVERABLE'

/** A signature that does not hold. `message` is for the log of this node; `fault` for the peer. */
export class SignatureError extends Error {
  override name = 'SignatureError'
  readonly fault: SignatureFault

  constructor(fault: SignatureFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.fault = fault
  }
}
