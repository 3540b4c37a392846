import type { Clock } from '../../platform/clock.ts'
import { isoTime } from '../../platform/clock.ts'
import { ConflictError, TooManyRequestsError } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { oneLine } from '../plain-text.ts'
import { MAIL_TEXTS } from '../texts.ts'
import { toHtml, toText } from './compose.ts'
import type { Outbox } from './outbox.ts'
import type { RefusalsRepo } from './refusals-repo.ts'
import type { SignedLinks } from './signed-links.ts'

const DAY_MS = 86_400_000
const REFUSAL_LINK_MS = 365 * DAY_MS
const KIND = 'invitation'

/** An invitation that one of our users wants mailed to a stranger. */
export interface InvitationToMail {
  userId: string
  /** To whom; one valid address. */
  email: string
  inviterName: string
  inviterAddress: string
  link: string
  inviteString: string
  token: string
  host: string
  expiresAtMs: number
}

export interface InvitationMailsDeps {
  clock: Clock
  outbox: Outbox
  refusals: RefusalsRepo
  links: SignedLinks
  siteName: string
  perDay: number
}

/**
 * Invitations by mail: the only mails that go to people who have no account here. Nothing in them but names is
 * the sender's own text, one user sends a few each day, and whoever gets one can refuse further ones.
 */
export class InvitationMails {
  private readonly deps: InvitationMailsDeps

  constructor(deps: InvitationMailsDeps) {
    this.deps = deps
  }

  /** Throws 429 when the user has sent enough for a day, 409 when the address wants none. Asked before. */
  async check(userId: string, email: string): Promise<void> {
    const { outbox, perDay, refusals } = this.deps
    if (await refusals.has(addressHash(email))) throw refused()
    if ((await outbox.repo.countSince(userId, KIND, this.sinceMs())) >= perDay) throw tooMany(perDay)
  }

  /** Puts it on its way; throws as `check`. */
  async send(invitation: InvitationToMail): Promise<void> {
    const { outbox, perDay } = this.deps
    const row = outbox.toRow(invitation.userId, KIND, this.compose(invitation))
    const isSent = await outbox.repo.insertWithin(row, { limit: perDay, sinceMs: this.sinceMs() })
    if (!isSent) throw tooMany(perDay)
  }

  private sinceMs(): number {
    return this.deps.clock.nowMs() - DAY_MS
  }

  private compose(facts: InvitationToMail) {
    const { links, siteName } = this.deps
    const inviter = oneLine(facts.inviterName, 80)
    const until = `${isoTime(facts.expiresAtMs).slice(0, 16).replace('T', ' ')} UTC`
    const refuseUrl = links.make('refuse', { addressHash: addressHash(facts.email) }, REFUSAL_LINK_MS)
    const subject = MAIL_TEXTS.invitationSubject(inviter)
    const parts = {
      paragraphs: MAIL_TEXTS.invitation({ ...facts, inviterName: inviter, until }),
      links: [{ label: MAIL_TEXTS.invitationLink, url: facts.link }],
      footer: [MAIL_TEXTS.invitationFooter(siteName)],
      footerLinks: [{ label: MAIL_TEXTS.refuse, url: refuseUrl }],
    }
    const to = { name: '', address: facts.email }
    return { to, subject, text: toText(parts), html: toHtml(subject, parts), unsubscribeUrl: refuseUrl }
  }
}

/** Case says nothing in practice, and whoever refused must not get a mail under other letters. */
function addressHash(email: string): string {
  return sha256Hex(email.trim().toLowerCase())
}

function tooMany(perDay: number): TooManyRequestsError {
  const message = `You can have ${perDay} invitations mailed within 24 hours. Make one without an address and send it yourself.`
  return new TooManyRequestsError(message, { code: 'TOO_MANY_INVITATION_MAILS', retryAfterSeconds: 3_600 })
}

function refused(): ConflictError {
  const message =
    'This address wants no invitations of this site. Make one without it and pass it on yourself.'
  return new ConflictError(message, { code: 'MAIL_REFUSED' })
}
