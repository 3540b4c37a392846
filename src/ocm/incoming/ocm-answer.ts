import { AppError } from '../../platform/errors.ts'
import { type InboxRefusal, InboxRefusedError } from '../mesh-inbox.ts'
import { PeerError } from '../peer-error.ts'
import { SignatureError } from '../signatures/signature-error.ts'

/** Longer than keys and discovery remember a failure. */
const RETRY_AFTER_SECONDS = 60

const RETRY_SHARE_SECONDS = 3_600

/** One wrong member of a message, in the protocol's words: REQUIRED, INVALID_FORMAT, NOT_FOUND, … */
export interface ValidationError {
  name: string
  message: string
}

/** An answer in the form of OCM 1.4: JSON objects whose `message` is a machine word. */
export interface OcmAnswer {
  status: number
  body: object
  headers?: Record<string, string>
}

/** Ends the handling of a message with an answer that is not a success. */
export class OcmRefusal extends Error {
  override name = 'OcmRefusal'
  readonly answer: OcmAnswer

  constructor(status: number, message: string, validationErrors?: ValidationError[]) {
    super(message)
    this.answer = {
      status,
      body: validationErrors === undefined ? { message } : { message, validationErrors },
    }
  }

  /** 400: members are missing or make no sense. */
  static invalid(...errors: ValidationError[]): OcmRefusal {
    return new OcmRefusal(400, 'INVALID_PARAMETERS', errors)
  }

  /** 429: more messages than `ocm.messagesPerMinute` allows. */
  static tooMany(waitSeconds: number): OcmRefusal {
    const refusal = new OcmRefusal(429, 'TOO_MANY_MESSAGES')
    refusal.answer.headers = { 'Retry-After': String(waitSeconds) }
    return refusal
  }

  /** 429: the recipient has not answered many others; people take their time. */
  static tooManyShares(): OcmRefusal {
    const refusal = new OcmRefusal(429, 'TOO_MANY_PENDING_SHARES')
    refusal.answer.headers = { 'Retry-After': String(RETRY_SHARE_SECONDS) }
    return refusal
  }

  /** 501: understood, and nothing that this node takes. */
  static unsupported(message: string): OcmRefusal {
    return new OcmRefusal(501, message)
  }
}

/** The same answer whether the name is unknown here or belongs to another server: no hint beyond the spec. */
export function recipientUnknown(): OcmRefusal {
  return OcmRefusal.invalid({ name: 'shareWith', message: 'NOT_FOUND' })
}

const refusals: Record<InboxRefusal, () => OcmRefusal> = {
  'recipient-unknown': recipientUnknown,
  'share-unknown': () => new OcmRefusal(400, 'RESOURCE_NOT_FOUND'),
  'share-changed': () => new OcmRefusal(409, 'SHARE_CHANGED'),
  'not-invited': () => new OcmRefusal(403, 'SENDER_NOT_INVITED'),
  'token-invalid': () => new OcmRefusal(400, 'TOKEN_INVALID'),
  'already-accepted': () => new OcmRefusal(409, 'INVITE_ALREADY_ACCEPTED'),
  'share-type-unsupported': () => OcmRefusal.unsupported('SHARE_TYPE_NOT_SUPPORTED'),
  'notification-unsupported': () => OcmRefusal.unsupported('NOTIFICATION_TYPE_NOT_SUPPORTED'),
  'not-allowed': () => new OcmRefusal(403, 'NOT_ALLOWED'),
  'too-many-reshares': () => new OcmRefusal(403, 'TOO_MANY_RESHARES'),
  'too-many': () => OcmRefusal.tooManyShares(),
}

/** The answer for whatever was thrown, or undefined when it is our own fault and must not be told. */
export function findAnswer(error: unknown): OcmAnswer | undefined {
  if (error instanceof OcmRefusal) return error.answer
  if (error instanceof SignatureError) return signatureAnswer(error)
  if (error instanceof InboxRefusedError) return refusals[error.reason]().answer
  if (!(error instanceof AppError)) return undefined
  const wait = error.retryAfterSeconds
  const body = { message: error.code }
  return wait === undefined
    ? { status: error.status, body }
    : { status: error.status, body, headers: { 'Retry-After': String(wait) } }
}

/** A sender that is only down for the moment is told to come again; a 401 would make it give up. */
function signatureAnswer(error: SignatureError): OcmAnswer {
  const body = { message: error.fault }
  if (!(error.cause instanceof PeerError && error.cause.temporary)) return { status: 401, body }
  return { status: 503, body, headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } }
}
