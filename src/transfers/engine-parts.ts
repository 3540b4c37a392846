import { isPostgres } from '../platform/db.ts'
import { TransferCache } from './cache/transfer-cache.ts'
import { Dispatcher } from './dispatcher.ts'
import type { DirectExecutor, TransferExecutor } from './executors/executor.ts'
import type { GeneratorDeps } from './expand-folder.ts'
import { FileFacts } from './file-facts.ts'
import { type RunDeps, runFile } from './file-run.ts'
import { expandJob } from './generator.ts'
import type { TransfersDeps } from './index.ts'
import type { JobContexts } from './job-contexts.ts'
import type { Journal } from './journal.ts'
import { LinkControl } from './links/link-control.ts'
import { linkWaitFacts } from './links/link-facts.ts'
import { registerLinkMetrics, registerStageMetrics } from './metrics.ts'
import type { StepDeps } from './run.ts'
import { Scheduler } from './scheduler.ts'
import type { TransferJob } from './types.ts'
import type { WorkerLife } from './worker-life.ts'

/** Who can move bytes here. */
export interface Executors {
  executors: readonly TransferExecutor[]
  directExecutors: readonly DirectExecutor[]
}

/** What the parts of the engine are made of; everything that lives as long as the engine. */
export interface EngineParts extends Pick<StepDeps, 'cache' | 'tape' | 'delivery' | 'onBytes'> {
  deps: TransfersDeps
  executors: Executors
  life: WorkerLife
  contexts: JobContexts
  journal: Journal
  links: LinkControl
  onAttempt: RunDeps['onAttempt']
  /** A job was changed. */
  onJob(job: TransferJob): void
  /** New requests are in the queue. */
  onFiles(): void
}

/** The scheduler of this process, with what it takes and what is done with that. */
export function createScheduler(parts: EngineParts): Scheduler {
  const { db, clock, log, config } = parts.deps
  const run = runDeps(parts)
  const generator = generatorDeps(parts)
  const scheduler = new Scheduler({
    ...{ db, clock, log },
    journal: parts.journal,
    contexts: parts.contexts,
    owner: parts.life.owner,
    dispatcher: createDispatcher(parts),
    slots: config.slots,
    emergencySlots: config.emergencySlots,
    leaseMs: config.leaseSeconds * 1000,
    stageSlots: config.stageSlots,
    runFile: (file, signal, enter) => runFile(run, file, { signal, enter }),
    links: parts.links,
    expandJob: (job, signal) => expandJob(generator, job, signal),
    onBeat: () => parts.life.beat(),
  })
  registerStageMetrics(parts.deps.registry, scheduler)
  return scheduler
}

function createDispatcher({ deps: { db, clock, config }, life, links }: EngineParts): Dispatcher {
  return new Dispatcher({
    ...{ db, clock },
    owner: life.owner,
    slots: config.slots,
    emergencySlots: config.emergencySlots,
    shareWeights: config.shareWeights,
    leaseMs: config.leaseSeconds * 1000,
    rooms: {
      ofLink: (link, running) => links.roomOf(link, running),
      ofHost: (host) => links.breakers.roomOf(host),
    },
    onQueued: (queued) => links.noteQueued(queued),
  })
}

function runDeps(parts: EngineParts): RunDeps {
  const { outbound, clock, log, config, random } = parts.deps
  const { executors, directExecutors } = parts.executors
  return {
    ...{ outbound, clock, log },
    isShared: isPostgres(parts.deps.db),
    journal: parts.journal,
    cache: parts.cache,
    tape: parts.tape,
    delivery: parts.delivery,
    executors: new Map(executors.map((executor) => [executor.name, executor])),
    directExecutors: new Map(directExecutors.map((executor) => [executor.name, executor])),
    onBytes: parts.onBytes,
    throttlesOf: ({ context }) => [...context.throttles, ...parts.links.throttlesOf(context.job.link)],
    contexts: parts.contexts,
    random: random ?? Math.random,
    maxTries: config.maxTries,
    retryBaseSeconds: config.retryBaseSeconds,
    onAttempt: parts.onAttempt,
  }
}

function generatorDeps({ deps, life, contexts, onJob, onFiles }: EngineParts): GeneratorDeps {
  const { db, clock, log, config } = deps
  return {
    ...{ db, clock, log, contexts, onJob, onFiles },
    owner: life.owner,
    random: deps.random ?? Math.random,
    maxTries: config.maxTries,
    retryBaseSeconds: config.retryBaseSeconds,
  }
}

/** What is known of files besides their rows. */
export function createFileFacts({ db, clock, config }: TransfersDeps, links: LinkControl): FileFacts {
  return new FileFacts({
    ...{ db, clock, slots: config.slots, maxTries: config.maxTries },
    waitFactsOf: ({ link }) => linkWaitFacts(links, link),
  })
}

/** What decides how much may travel over which link. */
export function createLinks({ db, clock, log, config, registry }: TransfersDeps): LinkControl {
  const { links: limits, bandwidth, timeZone } = config
  const links = new LinkControl({ db, clock, log, limits, bandwidth, timeZone })
  registerLinkMetrics(registry, links)
  return links
}

/** The cache of fetched files, where there is a place for it. */
export function createCache(deps: TransfersDeps): TransferCache | undefined {
  const { cacheFolder: folder, config } = deps
  return folder === undefined ? undefined : new TransferCache({ ...deps, folder, config: config.cache })
}
