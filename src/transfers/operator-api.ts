import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import { BY_NAME, pageOf, pageQuery, toSlice } from '../platform/paging.ts'
import type { LinkControl, LinkFacts } from './links/link-control.ts'
import { saveLinkSettings } from './links/links-repo.ts'
import { countRunning, listQueueFacts, listRunning } from './operator-repo.ts'
import { parseBandwidth } from './scheduling/bandwidth.ts'
import { type SharePolicy, sharePolicies, weightOf } from './share-policy.ts'
import type { Stage, StageSlotLimits } from './stage-slots.ts'

const linkSchema = z
  .object({
    link: z.string().describe('FROM>TO; `here` is this node.'),
    running: z.int(),
    queued: z.int().describe('Files that wait for it, counted no further than could start at once.'),
    decision: z.int().describe('Files at a time, as the optimizer decided.'),
    rationale: z.string(),
    decidedAt: z.string().optional(),
    minActive: z.int().optional(),
    maxActive: z.int().optional(),
    bandwidth: z.string().optional(),
    isPaused: z.boolean(),
    pauseReason: z.string().optional(),
  })
  .meta({ id: 'TransferLink' })

const settingsSchema = z
  .strictObject({
    minActive: z.int().min(1).max(1000).nullable().optional(),
    maxActive: z.int().min(1).max(1000).nullable().optional(),
    bandwidth: z.string().max(5000).nullable().optional(),
    isPaused: z.boolean().optional(),
    pauseReason: z.string().max(500).nullable().optional(),
  })
  .meta({ id: 'TransferLinkSettings' })

const queuesSchema = z
  .object({
    slots: z.object({ total: z.int(), emergency: z.int(), preProcess: z.int(), postProcess: z.int() }),
    outsideOfSlots: z
      .object({ preparing: z.int(), waiting: z.int(), finishing: z.int() })
      .describe('Files that left their slot, because a server is slow before or after the bytes move.'),
    sharePolicy: z.enum(sharePolicies).describe('By what jobs that are ordered now are sorted into shares.'),
    queues: z.array(
      z.object({
        share: z.string(),
        link: z.string(),
        weight: z.int(),
        jobs: z.int(),
        pausedJobs: z.int(),
        filesOpen: z.int(),
        filesRunning: z.int(),
        bytesOpen: z.int(),
      }),
    ),
    hostsLeftInPeace: z.array(z.object({ host: z.string(), why: z.string(), until: z.string() })),
  })
  .meta({ id: 'TransferQueues' })

const dumpSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      jobId: z.string(),
      state: z.string(),
      priority: z.int(),
      share: z.string(),
      link: z.string(),
      path: z.string(),
      worker: z.string(),
      bytesDone: z.int(),
      sizeBytes: z.int(),
      attempts: z.int(),
    }),
  ),
})

export interface OperatorApiDeps {
  db: Db
  events: EventBus
  links: LinkControl
  slots: number
  emergencySlots: number
  stageSlots: StageSlotLimits
  /** Files outside of the slots, by stage. */
  outsideFiles(): Record<Stage, number>
  sharePolicy: SharePolicy
  shareWeights: Readonly<Record<string, number>>
}

/** What an operator sees and sets of the machine as a whole. */
export function transferOperatorRoutes(deps: OperatorApiDeps): ApiRoute[] {
  return [queuesRoute(deps), dumpRoute(deps), linksRoute(deps), changeLinkRoute(deps)]
}

function queuesRoute(deps: OperatorApiDeps): ApiRoute {
  const { db, links, slots, emergencySlots, stageSlots } = deps
  return apiRoute({
    ...{ method: 'get', path: '/admin/transfer-queues', operationId: 'showTransferQueues', auth: 'admin' },
    summary: 'What waits and runs in each share on each link, and the hosts that are left in peace.',
    response: queuesSchema,
    handle: async () => {
      const [queues, running] = await Promise.all([listQueueFacts(db), countRunning(db)])
      return {
        slots: { total: slots, emergency: emergencySlots, ...stageSlots },
        outsideOfSlots: toOutside(deps.outsideFiles()),
        sharePolicy: deps.sharePolicy,
        queues: queues.map(({ files, bytes, ...queue }) => ({
          ...queue,
          weight: weightOf(deps.shareWeights, queue.share),
          filesOpen: files,
          filesRunning:
            running.find(({ share, link }) => share === queue.share && link === queue.link)?.running ?? 0,
          bytesOpen: bytes,
        })),
        hostsLeftInPeace: links.breakers
          .open()
          .map(({ host, why, untilMs }) => ({ host, why, until: isoTime(untilMs) })),
      }
    },
  })
}

function toOutside({ pre, delivery, post }: Record<Stage, number>) {
  return { preparing: pre, waiting: delivery, finishing: post }
}

function dumpRoute({ db }: OperatorApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/transfer-dump', operationId: 'dumpTransfers', auth: 'admin' },
    summary: 'The requests that are being worked on, with the facts of ARC’s dtr.state.',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(10_000).default(1000) }),
    response: dumpSchema,
    handle: async ({ query }) => ({
      items: (await listRunning(db, query.limit)).map(({ file, priority, share, link }) => ({
        id: file.id,
        jobId: file.jobId,
        state: file.state,
        priority,
        share,
        link,
        path: file.path,
        worker: file.worker ?? file.leaseOwner ?? '',
        bytesDone: file.bytesDone,
        sizeBytes: file.sizeBytes,
        attempts: file.attempts,
      })),
    }),
  })
}

function linksRoute({ links }: OperatorApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/transfer-links', operationId: 'listTransferLinks', auth: 'admin' },
    summary: 'The pairs of hosts that files travel between, with their limits and why they are so.',
    query: pageQuery,
    response: pageOf(linkSchema),
    handle: async ({ query }) => {
      await links.reload()
      return toSlice(links.facts().map(toLinkView), query, BY_NAME, ({ link }) => [link])
    },
  })
}

function changeLinkRoute({ db, events, links }: OperatorApiDeps): ApiRoute {
  return apiRoute({
    ...{
      method: 'patch',
      path: '/admin/transfer-links/{link}',
      operationId: 'changeTransferLink',
      auth: 'admin',
    },
    summary: 'Set the limits of a link, or pause it; null takes a limit away.',
    params: z.strictObject({
      link: z
        .string()
        .max(600)
        .regex(/^[^>]+>[^>]+$/, 'A link is FROM>TO, such as cloud.example>here.'),
    }),
    body: settingsSchema,
    response: linkSchema,
    handle: async ({ params: { link }, body }) => {
      if (typeof body.bandwidth === 'string') parseBandwidth(body.bandwidth)
      await saveLinkSettings(db, link, body)
      await links.reload()
      events.tellOthers('transferLinks', {})
      return toLinkView(links.factsOf(link))
    },
  })
}

function toLinkView(facts: LinkFacts): z.input<typeof linkSchema> {
  const { minActive, maxActive, bandwidth, pauseReason, decidedAtMs } = facts
  return {
    link: facts.link,
    running: facts.running,
    queued: facts.queued,
    decision: facts.decision,
    rationale: facts.rationale,
    isPaused: facts.isPaused,
    ...(decidedAtMs === null ? {} : { decidedAt: isoTime(decidedAtMs) }),
    ...(minActive === null ? {} : { minActive }),
    ...(maxActive === null ? {} : { maxActive }),
    ...(bandwidth === null ? {} : { bandwidth }),
    ...(pauseReason === null ? {} : { pauseReason }),
  }
}
