import { createHmac, hkdfSync } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { AppError, ForbiddenError } from '../../platform/errors.ts'
import { equalSecrets } from '../../platform/ids.ts'
import { PAGE_TEXTS } from '../texts.ts'

/** What a link may do, and nothing else: its signature holds for one purpose. */
export interface LinkPurposes {
  /** Answer one share of one user. */
  answer: { userId: string; shareId: string; answer: 'accept' | 'decline' }
  /** Switch mails of a kind (or digests, by their frequency) off for one user. */
  unsubscribe: { userId: string; what: string }
  /** No more invitations by mail to this address. */
  refuse: { addressHash: string }
}

const MAX_LENGTH = 2_000

/**
 * Links in mails that work when signed out: what they mean, and until when, under an HMAC of the node's key.
 * They hold no secret of the user and open nothing else.
 */
export class SignedLinks {
  private readonly key: Uint8Array
  private readonly clock: Clock
  private readonly publicUrl: string

  /** `nodeKey`: the key of the node, of which a key for this use alone is derived. */
  constructor(deps: { nodeKey: Uint8Array; clock: Clock; publicUrl: string }) {
    this.key = new Uint8Array(hkdfSync('sha256', deps.nodeKey, '', 'causeway links in mails v1', 32))
    this.clock = deps.clock
    this.publicUrl = deps.publicUrl
  }

  /** An absolute address of the page for this purpose, good for `lifeMs`. */
  make<P extends keyof LinkPurposes>(purpose: P, meaning: LinkPurposes[P], lifeMs: number): string {
    const content = { ...meaning, until: this.clock.nowMs() + lifeMs }
    const payload = Buffer.from(JSON.stringify(content)).toString('base64url')
    return `${this.publicUrl}/mail/${purpose}?token=${payload}.${this.sign(purpose, payload)}`
  }

  /** Throws `ForbiddenError` for what we did not sign for this purpose, an `AppError` 410 when it is too old. */
  read<P extends keyof LinkPurposes>(purpose: P, token: string): LinkPurposes[P] {
    const [payload = '', signature = '', ...rest] = token.slice(0, MAX_LENGTH).split('.')
    const isOurs = rest.length === 0 && equalSecrets(signature, this.sign(purpose, payload))
    if (!isOurs) throw new ForbiddenError(PAGE_TEXTS.badLink, { code: 'BAD_LINK' })
    const { until, ...meaning } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    if (until <= this.clock.nowMs()) throw new AppError(410, 'LINK_EXPIRED', PAGE_TEXTS.expiredLink)
    return meaning
  }

  private sign(purpose: string, payload: string): string {
    return createHmac('sha256', this.key).update(`${purpose}\n${payload}`).digest('base64url')
  }
}
