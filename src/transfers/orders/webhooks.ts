import { createHmac } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { Seal } from '../../platform/seal.ts'
import { backoffMs } from '../backoff.ts'
import type { JobFeed } from '../job-feed.ts'
import { findJob } from '../job-repo.ts'
import type { Chore } from './keeper.ts'
import { claimWebhooks, findNextWebhookMs, settleWebhook, type Webhook } from './webhooks-repo.ts'

const CLAIM_MS = 120_000
const ANSWER_MS = 15_000
const MAX_TRIES = 8
const BASE_SECONDS = 10

export interface WebhookDeps {
  db: Db
  clock: Clock
  log: Logger
  outbound: Outbound
  seal: Seal
  feed: JobFeed
  random(): number
}

/**
 * Tells the end of a job by POST to the address of its order, as JSON. Signed, when the order has a secret:
 * `X-Causeway-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA-256 of `SECONDS.BODY`. An answer that
 * is no success is followed by up to seven more attempts. Redirects are not followed.
 */
export function webhookChore(deps: WebhookDeps): Chore {
  return {
    name: 'webhooks',
    async run() {
      const nowMs = deps.clock.nowMs()
      const hooks = await claimWebhooks(deps.db, nowMs, nowMs + CLAIM_MS)
      await Promise.all(hooks.map((hook) => tell(deps, hook)))
      return (await findNextWebhookMs(deps.db)) ?? Infinity
    },
  }
}

async function tell(deps: WebhookDeps, hook: Webhook): Promise<void> {
  const error = await send(deps, hook).then(
    (status) => (status >= 200 && status < 300 ? null : `It answered with status ${status}.`),
    (reason: unknown) => messageOf(reason),
  )
  const isLast = error !== null && hook.tries >= MAX_TRIES
  const state = error === null ? 'done' : isLast ? 'failed' : 'waiting'
  const delayMs = backoffMs({ attempts: hook.tries, baseSeconds: BASE_SECONDS, random: deps.random() })
  if (error !== null) deps.log.info({ jobId: hook.jobId, attempt: hook.tries, error }, 'webhook not told')
  await settleWebhook(deps.db, hook, { state, nextAtMs: deps.clock.nowMs() + delayMs, error })
}

async function send(deps: WebhookDeps, hook: Webhook): Promise<number> {
  const job = await findJob(deps.db, hook.jobId)
  if (job === undefined) return 204
  const body = JSON.stringify({ event: 'transfer.ended', job: await deps.feed.view(job) })
  const answer = await deps.outbound.requestText(
    {
      method: 'POST',
      url: hook.url,
      headers: {
        'Content-Type': 'application/json',
        'X-Causeway-Delivery': `${hook.jobId}.${hook.tries}`,
        ...signatureOf(deps, hook, body),
      },
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    },
    64 * 1024,
  )
  return answer.status
}

function signatureOf(deps: WebhookDeps, hook: Webhook, body: string): Record<string, string> {
  if (hook.secretSealed === null) return {}
  const seconds = Math.floor(deps.clock.nowMs() / 1000)
  const hmac = createHmac('sha256', deps.seal.open(hook.secretSealed)).update(`${seconds}.${body}`)
  return { 'X-Causeway-Signature': `t=${seconds},v1=${hmac.digest('hex')}` }
}
