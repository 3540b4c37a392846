import { textOf } from '../notifications/shown.ts'
import type { StoredNotification, WaitingShare } from '../notifications/types.ts'
import { MAIL_TEXTS } from '../texts.ts'
import { type MailParts, toHtml, toText } from './compose.ts'
import type { OutgoingMail } from './mail-types.ts'
import type { SignedLinks } from './signed-links.ts'

const DAY_MS = 86_400_000
/** Who unsubscribes from an old mail must be heard, too. */
const UNSUBSCRIBE_MS = 365 * DAY_MS
/** More would be read by nobody. */
const MAX_IN_DIGEST = 50

export interface MailSite {
  name: string
  publicUrl: string
  links: SignedLinks
  /** How long Accept and Decline work. */
  linkDays: number
}

export interface Recipient {
  userId: string
  name: string
  address: string
}

/** The mail about one notification; `share`: the one that waits. */
export function noticeMail(
  site: MailSite,
  to: Recipient,
  notification: StoredNotification,
  share: WaitingShare | undefined,
): OutgoingMail {
  const { subject, message, link, linkLabel } = textOf(notification, share)
  const { kind, subjectId } = notification
  const page = link === '/transfers' ? `${link}/${encodeURIComponent(subjectId)}` : link
  const answers = share === undefined ? [] : answerLinks(site, to.userId, share.id)
  const parts = {
    ...frame(site, to, kind),
    paragraphs: [`${subject}.`, message].filter((text) => text !== ''),
    links: [...answers, { label: linkLabel, url: `${site.publicUrl}${page}` }],
  }
  if (answers.length > 0) parts.footer = [MAIL_TEXTS.answerHint, ...parts.footer]
  return toMail(to, subject, parts)
}

/** Several notifications in one mail. */
export function digestMail(
  site: MailSite,
  to: Recipient,
  every: 'daily' | 'weekly',
  notifications: readonly { notification: StoredNotification; share?: WaitingShare | undefined }[],
): OutgoingMail {
  const texts = notifications.map(({ notification, share }) => textOf(notification, share))
  const shown = texts.slice(0, MAX_IN_DIGEST).map(({ subject }) => `• ${subject}`)
  const more = texts.length - shown.length
  const subject = MAIL_TEXTS.digestSubject(texts.length, every)
  return toMail(to, subject, {
    ...frame(site, to, every),
    paragraphs: [...shown, ...(more === 0 ? [] : [MAIL_TEXTS.digestMore(more)])],
    links: [{ label: MAIL_TEXTS.digestLink, url: `${site.publicUrl}/activity` }],
  })
}

function toMail(to: Recipient, subject: string, parts: MailParts & { unsubscribeUrl: string }): OutgoingMail {
  const { unsubscribeUrl } = parts
  const { name, address } = to
  return { to: { name, address }, subject, text: toText(parts), html: toHtml(subject, parts), unsubscribeUrl }
}

/** What is around every mail to a user; `what` can be switched off by the link in it. */
function frame({ name, publicUrl, links }: MailSite, to: Recipient, what: string) {
  const unsubscribeUrl = links.make('unsubscribe', { userId: to.userId, what }, UNSUBSCRIBE_MS)
  return {
    greeting: MAIL_TEXTS.greeting(to.name),
    footer: [MAIL_TEXTS.footer(name)],
    footerLinks: [
      { label: MAIL_TEXTS.settings, url: `${publicUrl}/settings/notifications` },
      { label: MAIL_TEXTS.unsubscribe, url: unsubscribeUrl },
    ],
    unsubscribeUrl,
  }
}

function answerLinks({ links, linkDays }: MailSite, userId: string, shareId: string): MailParts['links'] {
  const urlOf = (answer: 'accept' | 'decline') =>
    links.make('answer', { userId, shareId, answer }, linkDays * DAY_MS)
  return [
    { label: MAIL_TEXTS.accept, url: urlOf('accept') },
    { label: MAIL_TEXTS.decline, url: urlOf('decline') },
  ]
}
