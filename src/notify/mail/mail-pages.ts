import type { UserDirectory } from '../../accounts/types.ts'
import type { Clock } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'
import { htmlPage } from '../../platform/html-page.ts'
import { escapeAttribute, escapeText } from '../../platform/xml.ts'
import {
  type MailFrequency,
  NOTICE_KINDS,
  type NoticeKind,
  type NoticeShares,
} from '../notifications/types.ts'
import { PAGE_TEXTS, waitingText } from '../texts.ts'
import type { RefusalsRepo } from './refusals-repo.ts'
import { defaultFrequency, type NotificationSettings } from './settings.ts'
import type { LinkPurposes, SignedLinks } from './signed-links.ts'

export interface MailPagesDeps {
  clock: Clock
  links: SignedLinks
  settings: NotificationSettings
  refusals: RefusalsRepo
  shares: NoticeShares
  users: Pick<UserDirectory, 'findUserById'>
}

export interface PageAnswer {
  status: number
  html: string
}

/** What the page of one purpose shows, and what its button does. */
interface Page {
  /** Changes nothing: whoever looks at links before their reader does sees this. */
  show(token: string): Promise<string>
  act(token: string): Promise<string>
}

/** The pages that links in mails open, by the last part of their path. */
export class MailPages {
  private readonly deps: MailPagesDeps
  private readonly pages: Record<keyof LinkPurposes, Page>

  constructor(deps: MailPagesDeps) {
    this.deps = deps
    this.pages = {
      answer: { show: (token) => this.askAnswer(token), act: (token) => this.answer(token) },
      unsubscribe: { show: (token) => this.askUnsubscribe(token), act: (token) => this.unsubscribe(token) },
      refuse: { show: (token) => this.askRefuse(token), act: (token) => this.refuse(token) },
    }
  }

  /** Undefined where there is no such page. `isPost`: the button was pressed. */
  async open(name: string, token: string, isPost: boolean): Promise<PageAnswer | undefined> {
    const page = Object.hasOwn(this.pages, name) ? this.pages[name as keyof LinkPurposes] : undefined
    if (page === undefined) return undefined
    try {
      return { status: 200, html: await (isPost ? page.act(token) : page.show(token)) }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { status: error.status, html: sentence('Sorry', error.message) }
    }
  }

  private async askAnswer(token: string): Promise<string> {
    const { userId, shareId, answer } = this.deps.links.read('answer', token)
    const { subject, message } = waitingText(await this.getWaiting(userId, shareId))
    const texts = [`${subject}.`, ...message.split('\n')].filter((text) => text !== '')
    return askPage('answer', token, {
      title: PAGE_TEXTS.answerTitle[answer],
      texts,
      button: PAGE_TEXTS.answerButton[answer],
    })
  }

  /** Only what still waits: an old link cannot take back what was answered since. */
  private async answer(token: string): Promise<string> {
    const { userId, shareId, answer } = this.deps.links.read('answer', token)
    await this.getWaiting(userId, shareId)
    await this.deps.shares[answer](userId, shareId)
    return sentence(PAGE_TEXTS.answerTitle[answer], PAGE_TEXTS.done[answer])
  }

  private async getWaiting(userId: string, shareId: string) {
    // Without the user nothing waits, either.
    const user = await this.deps.users.findUserById(userId)
    const waiting = user === undefined ? [] : await this.deps.shares.listWaiting(userId)
    const share = waiting.find(({ id }) => id === shareId)
    if (share === undefined) throw new AppError(410, 'ALREADY_ANSWERED', PAGE_TEXTS.over)
    return share
  }

  private async askUnsubscribe(token: string): Promise<string> {
    this.deps.links.read('unsubscribe', token)
    return askPage('unsubscribe', token, {
      title: PAGE_TEXTS.unsubscribeTitle,
      texts: [PAGE_TEXTS.unsubscribeAsk],
      button: PAGE_TEXTS.unsubscribeButton,
    })
  }

  private async unsubscribe(token: string): Promise<string> {
    const { settings, links, users } = this.deps
    const { userId, what } = links.read('unsubscribe', token)
    if ((await users.findUserById(userId)) !== undefined) {
      const chosen = await settings.chosen(userId)
      const kinds = kindsOf(what, (kind) => chosen.get(kind) ?? defaultFrequency(kind))
      await settings.choose(
        userId,
        kinds.map((kind) => [kind, 'off'] as const),
      )
    }
    return sentence(PAGE_TEXTS.unsubscribeTitle, PAGE_TEXTS.unsubscribed)
  }

  private async askRefuse(token: string): Promise<string> {
    this.deps.links.read('refuse', token)
    return askPage('refuse', token, {
      title: PAGE_TEXTS.refuseTitle,
      texts: [PAGE_TEXTS.refuseAsk],
      button: PAGE_TEXTS.refuseButton,
    })
  }

  private async refuse(token: string): Promise<string> {
    const { addressHash } = this.deps.links.read('refuse', token)
    await this.deps.refusals.add(addressHash, this.deps.clock.nowMs())
    return sentence(PAGE_TEXTS.refuseTitle, PAGE_TEXTS.refused)
  }
}

/** One kind; or, of a digest, all that are in it. */
function kindsOf(what: string, frequencyOf: (kind: NoticeKind) => MailFrequency): NoticeKind[] {
  return NOTICE_KINDS.filter((kind) => kind === what || frequencyOf(kind) === what)
}

function sentence(title: string, text: string): string {
  return htmlPage(title, `<p>${escapeText(text)}</p>`)
}

function askPage(
  purpose: string,
  token: string,
  { title, texts, button }: { title: string; texts: string[]; button: string },
): string {
  const lines = texts.map((text) => `<p>${escapeText(text)}</p>`).join('\n')
  return htmlPage(
    title,
    `${lines}
<form method="post" action="${purpose}"><input type="hidden" name="token" value="${escapeAttribute(token)}">
<button type="submit">${escapeText(button)}</button></form>`,
  )
}
