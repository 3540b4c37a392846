import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { newId } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { Seal } from '../../platform/seal.ts'
import { type MailFailure, MailRefusedError, type MailTransport, type OutgoingMail } from './mail-types.ts'
import { type NewMail, OutboxRepo, type WaitingMail } from './outbox-repo.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Longer than one attempt can take: whose lease runs out has died. */
const LEASE_MS = 10 * MINUTE_MS
const LONGEST_WAIT_MS = 4 * 60 * MINUTE_MS
/** While the server is away it is asked with one mail, ever more rarely. */
const LONGEST_HOLD_MS = 15 * MINUTE_MS
const KEPT_MS = 7 * DAY_MS

export interface OutboxDeps {
  db: Db
  clock: Clock
  log: Logger
  /** Mails hold links that act for their reader: they lie in the database closed. */
  seal: Seal
  transport: MailTransport
  giveUpDays: number
}

/** Mails on their way: kept until the mail server has taken them, sent by one process at a time. */
export class Outbox {
  readonly repo: OutboxRepo
  private readonly deps: OutboxDeps
  private heldUntilMs = 0
  private holds = 0

  constructor(deps: OutboxDeps) {
    this.repo = new OutboxRepo(deps.db)
    this.deps = deps
  }

  /** The row of a mail that is to be sent, for whoever stores it. */
  toRow(userId: string, kind: string, mail: OutgoingMail): NewMail {
    const { seal, clock } = this.deps
    const messageSealed = seal.seal(JSON.stringify(mail))
    return { id: newId(), userId, kind, messageSealed, createdAtMs: clock.nowMs() }
  }

  /** Tries what is due, one after the other, until nothing is or the server takes none. */
  async deliverDue(signal?: AbortSignal): Promise<void> {
    while (signal?.aborted !== true && this.deps.clock.nowMs() >= this.heldUntilMs) {
      const nowMs = this.deps.clock.nowMs()
      const mail = await this.repo.claim(nowMs, nowMs + LEASE_MS)
      if (mail === undefined) return
      await this.attempt(mail)
    }
  }

  /** When there may be something to do. */
  async nextMs(): Promise<number | undefined> {
    const nextMs = await this.repo.nextTryAtMs()
    return nextMs === undefined ? undefined : Math.max(nextMs, this.heldUntilMs)
  }

  /** Forgets what is over. */
  async tidy(): Promise<void> {
    await this.repo.removeOver(this.deps.clock.nowMs() - KEPT_MS)
  }

  private async attempt(mail: WaitingMail): Promise<void> {
    const { transport, seal, log } = this.deps
    try {
      await transport.send(JSON.parse(seal.open(mail.messageSealed)) as OutgoingMail, mail.id)
    } catch (error) {
      const failure = error instanceof MailRefusedError ? error.failure : 'permanent'
      log.warn({ mailId: mail.id, kind: mail.kind, failure, err: error }, 'mail was not sent')
      return await this.failed(mail, failure, error instanceof Error ? error.message : String(error))
    }
    this.holds = 0
    await this.repo.sent(mail.id)
    log.info({ mailId: mail.id, kind: mail.kind }, 'mail sent')
  }

  private async failed(mail: WaitingMail, failure: MailFailure, error: string): Promise<void> {
    const { clock, giveUpDays } = this.deps
    const nowMs = clock.nowMs()
    if (failure === 'server') this.hold(nowMs)
    else this.holds = 0
    const isOver = nowMs - mail.createdAtMs >= giveUpDays * DAY_MS
    if (failure === 'permanent' || isOver) return await this.repo.failed(mail.id, error)
    const tries = mail.tries + 1
    await this.repo.again(mail.id, { tries, error, atMs: nowMs + retryWaitMs(tries) })
  }

  private hold(nowMs: number): void {
    this.heldUntilMs = nowMs + Math.min(LONGEST_HOLD_MS, MINUTE_MS * 2 ** this.holds)
    this.holds = Math.min(this.holds + 1, 10)
  }
}

/** Before attempt n+1: 1, 5, 25 minutes, then two hours and four. */
export function retryWaitMs(tries: number): number {
  return Math.min(LONGEST_WAIT_MS, MINUTE_MS * 5 ** Math.min(tries - 1, 10))
}
