import type { Config } from '../config/schema.ts'
import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { BadRequestError } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Seal } from '../platform/seal.ts'
import { type EndpointResolver, placesOf, type SourceRef, type TransferSource } from './endpoints.ts'
import { addItems } from './job-items.ts'
import { findJobByKey, insertJob } from './job-repo.ts'
import { assertApart, assertNotInside, type Ends, newJob } from './new-job.ts'
import { checkOrder, checkWebhook } from './orders/check-order.ts'
import { type Plan, planItems, planOrder } from './orders/plan.ts'
import { insertWebhook } from './orders/webhooks-repo.ts'
import { isByPerson, type ShareOwner, shareOf } from './share-policy.ts'
import type { TransferJob, TransferOrder } from './types.ts'

export interface OrderIntakeDeps {
  db: Db
  clock: Clock
  endpoints: EndpointResolver
  config: Config['transfers']
  seal: Seal
  outbound: Outbound
  /** The name of a user, and those of the groups somebody is in, by which transfers are shared out. */
  userNameOf?: ((userId: string) => Promise<string | undefined>) | undefined
  groupsOf?: ((userId: string) => Promise<readonly string[]>) | undefined
}

/** Checks orders and makes jobs of them. */
export class OrderIntake {
  private readonly deps: OrderIntakeDeps

  constructor(deps: OrderIntakeDeps) {
    this.deps = deps
  }

  /** Stores the job of an order; the earlier one when the user has used its key before. */
  async take(userId: string, order: TransferOrder): Promise<{ job: TransferJob; isNew: boolean }> {
    const before = await this.findRepeated(userId, order.idempotencyKey)
    if (before !== undefined) return { job: before, isNew: false }
    const ends = await this.check(userId, order)
    const job = await this.newJob(userId, order, ends)
    try {
      await inTransaction(this.deps.db, (tx) => this.insert(tx, job, order))
    } catch (error) {
      // The same order came twice at the same moment: the other one is the first.
      const first = await this.findRepeated(userId, order.idempotencyKey)
      if (first === undefined) throw error
      return { job: first, isNew: false }
    }
    return { job, isNew: true }
  }

  /** Throws what `submit` would throw, and orders nothing. */
  async check(userId: string, order: TransferOrder): Promise<Ends> {
    checkOrder(order, this.deps.clock.nowMs())
    const { webhook } = order.options ?? {}
    if (webhook !== undefined) await checkWebhook(this.deps.outbound, webhook)
    const ends = await this.resolveEnds(userId, order)
    await assertApart(ends.source, ends.destination)
    if (order.options?.deleteExtra === true) await assertNotInside(ends.source, ends.destination)
    return ends
  }

  /** What the order would do, were it given; nothing is written. */
  async plan(userId: string, order: TransferOrder, signal: AbortSignal): Promise<Plan> {
    const ends = await this.check(userId, order)
    if (order.items === undefined) return planOrder(order, ends, signal)
    return planItems(
      order,
      (item) => this.resolveEnds(userId, { ...order, ...item, items: undefined }),
      signal,
    )
  }

  private async insert(tx: Db, job: TransferJob, order: TransferOrder): Promise<void> {
    await insertJob(tx, job)
    const { webhook: url } = job.options
    const { webhookSecret: secret } = order
    const secretSealed = secret === undefined ? null : this.deps.seal.seal(secret)
    if (url !== undefined)
      await insertWebhook(tx, { jobId: job.id, url, secretSealed, nextAtMs: job.createdAtMs })
    if (order.items !== undefined) await addItems(tx, job, order.items)
  }

  private async findRepeated(userId: string, key: string | undefined): Promise<TransferJob | undefined> {
    return key === undefined ? undefined : findJobByKey(this.deps.db, userId, key)
  }

  /** Of a list the first pair stands for all: each of the others is resolved when its turn comes. */
  private async resolveEnds(userId: string, order: TransferOrder): Promise<Ends> {
    const { source, destination } = order.items?.[0] ?? order
    return {
      source: await this.resolveFirst(userId, source),
      destination: await this.deps.endpoints.resolveDestination(userId, destination),
    }
  }

  /** The first replica that the user may see; the last refusal when there is none. */
  private async resolveFirst(userId: string, ref: SourceRef): Promise<TransferSource> {
    const [first, ...others] = placesOf(ref)
    if (first === undefined) throw new BadRequestError('The list of replicas is empty.')
    let source = this.deps.endpoints.resolveSource(userId, first)
    for (const place of others) source = source.catch(() => this.deps.endpoints.resolveSource(userId, place))
    return source
  }

  private async newJob(userId: string, order: TransferOrder, ends: Ends): Promise<TransferJob> {
    const { clock, config } = this.deps
    const facts = { ends, createdAtMs: clock.nowMs(), executor: config.executor, share: '' }
    const job = newJob(userId, order, facts)
    const rules = { policy: config.sharePolicy, weights: config.shareWeights }
    const owner = isByPerson(rules.policy) ? await this.ownerOf(userId) : { userName: userId, groups: [] }
    return { ...job, share: shareOf(rules, job, owner) }
  }

  private async ownerOf(userId: string): Promise<ShareOwner> {
    const { userNameOf, groupsOf, config } = this.deps
    const groups = config.sharePolicy === 'group' ? await groupsOf?.(userId) : []
    return { userName: (await userNameOf?.(userId)) ?? userId, groups: groups ?? [] }
  }
}
