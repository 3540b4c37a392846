import type { Seal } from '../platform/seal.ts'
import { shareGone } from './remote-errors.ts'
import type { AccessForm, ReceivedShare } from './types.ts'

/** What a request shows to be let in. */
export interface Credential {
  form: AccessForm
  /** The `Authorization` header. */
  header: string
}

/** What opens one share; every request asks anew. */
export interface CredentialSource {
  /** Throws when there is none: the share has ended, or its server gives no token now. */
  get(): Promise<Credential>
  /** After an answer 401: what else may open the share; undefined when nothing does. */
  next(refused: readonly Credential[]): Promise<Credential | undefined>
  /** It was let in. */
  worked(credential: Credential): Promise<void>
  /** False when nothing has opened the share lately: then nothing should be sent that cannot be sent again. */
  isProven(): boolean
}

/** The secret of a share as it stands. Throws when the share has ended. */
export function secretOf(seal: Seal, { secretSealed, peerHost }: ReceivedShare): string {
  if (secretSealed === undefined) throw shareGone(peerHost)
  return seal.open(secretSealed)
}

/** The secret itself, shown as it was before there were tokens. */
export function toSecretCredential(secret: string, form: Exclude<AccessForm, 'token'>): Credential {
  const basic = () => Buffer.from(`${secret}:`, 'utf8').toString('base64')
  return { form, header: form === 'bearer' ? `Bearer ${secret}` : `Basic ${basic()}` }
}
