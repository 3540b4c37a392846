import type {
  NoticeFacts,
  NoticeKind,
  NoticePerson,
  TransferFacts,
  WaitingShare,
} from './notifications/types.ts'
import { formatBytes, formatSeconds, oneLine, someLines } from './plain-text.ts'

/**
 * Every sentence of notifications and mails, in English. What other people chose (names, files, notes) goes
 * through `oneLine` or `someLines` here and nowhere else, so that no text can forget it.
 */

/** A notification in words. */
export interface NoticeText {
  /** One line; also the subject of its mail. */
  subject: string
  /** A few plain lines; empty when the subject says it all. */
  message: string
  /** The page it is about, below `publicUrl`. */
  link: string
  /** What the link says. */
  linkLabel: string
}

type Texts = { [K in Exclude<NoticeKind, 'share.received'>]: (facts: NoticeFacts[K]) => NoticeText }

const TEXTS: Texts = {
  'share.accepted': ({ person, name }) => ({
    subject: `${who(person)} accepted ${quoted(name)}`,
    message: 'They can use it now.',
    ...given,
  }),
  'share.declined': ({ person, name }) => ({
    subject: `${who(person)} does not want ${quoted(name)}`,
    message: 'The share was declined or left. Share it again if that was a mistake.',
    ...given,
  }),
  'share.revoked': ({ person, name }) => ({
    subject: `${who(person)} no longer shares ${quoted(name)} with you`,
    message: 'What you copied to your own files stays yours.',
    link: '/shared-with-me',
    linkLabel: 'Shared with me',
  }),
  'share.failed': ({ person, name }) => ({
    subject: `${quoted(name)} could not be shared with ${who(person)}`,
    message: 'Their server did not take it. See the share for the reason, and try again.',
    ...given,
  }),
  'invitation.accepted': ({ person }) => ({
    subject: `${who(person)} accepted your invitation`,
    message: 'You can share with each other now.',
    link: '/connections',
    linkLabel: 'Your connections',
  }),
  'transfer.finished': (facts) => transferText(facts, 'is finished'),
  'transfer.partial': (facts) => transferText(facts, 'is finished, but not all of it arrived'),
  'transfer.failed': (facts) => transferText(facts, 'failed'),
  'session.new-client': ({ client, address, via, at }) => ({
    subject: `New sign-in: ${oneLine(client, 100)}`,
    message: [
      `Somebody signed in to your account from a program or browser that was not seen before, at ${oneLine(at)}.`,
      `Address: ${oneLine(address)}. How: ${oneLine(via)}.`,
      'If that was not you, change your password and sign out everywhere else.',
    ].join('\n'),
    link: '/settings/security',
    linkLabel: 'Your sessions and passwords',
  }),
  'app-password.created': ({ label }) => ({
    subject: `A new app password: ${quoted(label)}`,
    message:
      'A program can use your files with it. If you did not make it, revoke it and change your password.',
    link: '/settings/security',
    linkLabel: 'Your app passwords',
  }),
  'quota.high': ({ usedBytes, limitBytes }) => ({
    subject: `Your drive is ${Math.floor((100 * usedBytes) / Math.max(1, limitBytes))} % full`,
    message: `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} are used, the trash and old versions included. When it is full, nothing more is taken.`,
    link: '/trash',
    linkLabel: 'Empty the trash',
  }),
  'admin.peer-unreachable': ({ host, since, error }) => ({
    subject: `${oneLine(host)} has not been reachable for a day`,
    message: `Nothing has worked with this server since ${oneLine(since)}.\nThe last error: ${oneLine(error, 500)}`,
    ...peers,
  }),
  'admin.disk-low': ({ freeBytes, totalBytes }) => ({
    subject: `The disk of the node is nearly full: ${formatBytes(freeBytes)} left`,
    message: `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} are free. Make room, or uploads will be refused.`,
    link: '/admin/system',
    linkLabel: 'The state of the node',
  }),
  'admin.signatures': ({ host, error }) => ({
    subject: `Signatures between this node and ${oneLine(host)} fail`,
    message: `${oneLine(error, 500)}\nCompare the clocks of both, and see whether one of them has new keys.`,
    ...peers,
  }),
}

const given = { link: '/shared-by-me', linkLabel: 'Shared by me' } as const
const peers = { link: '/admin/peers', linkLabel: 'The peers of the node' } as const

/** A notification of any kind but that of a share that waits. */
export function noticeText<K extends Exclude<NoticeKind, 'share.received'>>(
  kind: K,
  facts: NoticeFacts[K],
): NoticeText {
  return TEXTS[kind](facts)
}

/** That a share waits for an answer. */
export function waitingText({ sender, owner, name, note }: WaitingShare): NoticeText {
  const through =
    sender.address === owner.address ? '' : ` (of ${oneLine(owner.name)}, ${oneLine(owner.address)})`
  return {
    subject: `${who(sender)} wants to share ${quoted(name)}${through} with you`,
    message: someLines(note),
    link: '/pending',
    linkLabel: 'See what waits for you',
  }
}

function transferText(facts: TransferFacts, end: string): NoticeText {
  const { label, filesDone, filesFailed, bytes, seconds, error, failures } = facts
  const counts = `Files: ${filesDone} arrived${filesFailed === 0 ? '' : `, ${filesFailed} failed`}.`
  const amount = bytes > 0 ? ` ${formatBytes(bytes)} in ${formatSeconds(seconds)}.` : ''
  const lines = failures.map(({ path, message }) => `${oneLine(path)}: ${oneLine(message, 300)}`)
  return {
    subject: `The transfer ${label === '' ? '' : `${quoted(label)} `}${end}`,
    message: [`${error === undefined ? '' : `${oneLine(error, 500)} `}${counts}${amount}`, ...lines].join(
      '\n',
    ),
    link: '/transfers',
    linkLabel: 'See the transfer',
  }
}

function who({ name, address }: NoticePerson): string {
  const [shown, at] = [oneLine(name), oneLine(address)]
  if (at === '' || shown === at) return shown
  return shown === '' ? at : `${shown} (${at})`
}

function quoted(text: string): string {
  return `"${oneLine(text)}"`
}

/** What is around notifications in mails. */
export const MAIL_TEXTS = {
  greeting: (name: string) => `Hello ${oneLine(name, 80)},`,
  footer: (siteName: string) => `You get this mail because you have an account at ${oneLine(siteName, 80)}.`,
  unsubscribe: 'No more mails of this kind',
  settings: 'Choose what you get mails about',
  accept: 'Accept',
  decline: 'Decline',
  answerHint: 'The links for Accept and Decline work without signing in. Do not pass this mail on.',
  digestSubject: (count: number, every: 'daily' | 'weekly') =>
    `${count} ${count === 1 ? 'notification' : 'notifications'} of ${every === 'daily' ? 'today' : 'this week'}`,
  digestMore: (count: number) => `… and ${count} more.`,
  digestLink: 'See all of them',
  invitationSubject: (inviter: string) => `${inviter} invites you to share files`,
  invitation: (facts: {
    inviterName: string
    inviterAddress: string
    inviteString: string
    token: string
    host: string
    until: string
  }) => [
    `${facts.inviterName} (${oneLine(facts.inviterAddress)}) invites you to become a contact; then you can share files with each other, each from your own server. Your server has to speak Open Cloud Mesh.`,
    'Open the link below and pick the server where you have your account. Or paste this code into the dialog for invitations of your server:',
    facts.inviteString,
    `Should it ask for a token and a server instead: the token is ${facts.token}, the server is ${facts.host}.`,
    `The invitation is for one person, until ${facts.until}.`,
  ],
  invitationLink: 'See the invitation',
  refuse: 'I want no invitations from this site',
  invitationFooter: (siteName: string) =>
    `This mail was sent by ${oneLine(siteName, 80)} because one of its users entered your address.`,
} as const

/** What the pages that links in mails open say. */
export const PAGE_TEXTS = {
  answerTitle: { accept: 'Accept a share', decline: 'Decline a share' },
  answerButton: { accept: 'Accept', decline: 'Decline' },
  done: {
    accept: 'Accepted. It is in your files now.',
    decline: 'Declined. The sender is told.',
  },
  over: 'This share waits for no answer any more: it was answered already, or taken back.',
  badLink: 'This link is not valid. Open it as it stands in the mail, or sign in instead.',
  expiredLink: 'This link is too old. Sign in and answer under Pending.',
  unsubscribeTitle: 'No more mails of this kind',
  unsubscribeAsk: 'You will get no more mails of this kind. You can change that in your settings.',
  unsubscribeButton: 'No more mails',
  unsubscribed: 'Done. You get no more mails of this kind.',
  refuseTitle: 'No invitations from this site',
  refuseAsk: 'Nobody of this site will be able to send an invitation to this address by mail.',
  refuseButton: 'No more invitations',
  refused: 'Done. This site sends no more invitations to this address.',
} as const
