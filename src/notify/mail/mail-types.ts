/** A mail as it waits in the outbox. */
export interface OutgoingMail {
  to: { name: string; address: string }
  /** One line. */
  subject: string
  text: string
  html: string
  /** Where one click ends mails of this kind (RFC 8058). */
  unsubscribeUrl?: string
}

/** `permanent`: this mail will never be taken; `mail`: not now; `server`: the server takes none now. */
export type MailFailure = 'permanent' | 'mail' | 'server'

export class MailRefusedError extends Error {
  override name = 'MailRefusedError'
  readonly failure: MailFailure

  constructor(failure: MailFailure, message: string, cause: unknown) {
    super(message, { cause })
    this.failure = failure
  }
}

/** What brings a mail to the mail server. */
export interface MailTransport {
  /** `id`: the same at every attempt, so that who gets it twice can tell. Throws `MailRefusedError`. */
  send(mail: OutgoingMail, id: string): Promise<void>
  /** Whether the server answers and lets us in; throws when not. */
  check(): Promise<void>
  close(): void
}
