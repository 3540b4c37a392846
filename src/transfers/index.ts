import type { Registry } from 'prom-client'
import type { Config } from '../config/schema.ts'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Seal } from '../platform/seal.ts'
import { transferRoutes } from './api.ts'
import { cacheRoutes } from './cache/cache-api.ts'
import type { Welcome } from './delivery/wire.ts'
import { type HostWorkerOptions, workHere } from './delivery/worker/work-here.ts'
import type { EndpointResolver } from './endpoints.ts'
import { TransferEngine } from './engine.ts'
import type { DirectExecutor } from './executors/executor.ts'
import { createFtsExecutor } from './executors/fts.ts'
import { createRcloneExecutor } from './executors/rclone.ts'
import { createRcloneDirectExecutor } from './executors/rclone-direct.ts'
import { createStreamExecutor } from './executors/stream.ts'
import { createThirdPartyExecutor } from './executors/third-party.ts'
import { listFiles } from './file-repo.ts'
import { ftsRoutes } from './fts/fts-api.ts'
import { findJob } from './job-repo.ts'
import type { JobView } from './job-view.ts'
import { transferOperatorRoutes } from './operator-api.ts'
import { recurringRoutes } from './orders/recurring-api.ts'
import { isVerified } from './orders/verified-repo.ts'
import type { Places } from './places.ts'
import type { StageUploads } from './stage/stage-api.ts'
import { withStages } from './stage/stage-ends.ts'
import { createStages, type Stages } from './stage/stages.ts'
import type { TransferOrder } from './types.ts'

export { createHttpClient } from './delivery/worker/http-client.ts'
export { parseSharedFolder, type SharedFolder } from './delivery/worker/path-map.ts'
export { DeliveryRefusedError } from './delivery/worker/refused.ts'
export { DeliveryWorker } from './delivery/worker/worker.ts'
export type {
  CredentialSource,
  DestinationRef,
  DriveRef,
  EndAbilities,
  EndpointRef,
  EndpointResolver,
  PlaceRef,
  RcloneRemote,
  RemoteDestination,
  RemoteSource,
  ReplicasRef,
  ShareRef,
  SourceRef,
  TransferDestination,
  TransferSource,
  UrlRef,
} from './endpoints.ts'
export type { FileView, JobView } from './job-view.ts'
export { createPlaces, type Places, type PlacesDeps } from './places.ts'
export type { StageUploads } from './stage/stage-api.ts'
export type { TransferOrder } from './types.ts'

export interface TransfersDeps {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  outbound: Outbound
  endpoints: EndpointResolver
  /** Storage that users defined, whose rclone the executors share; without it there is none. */
  places?: Pick<Places, 'daemon' | 'routes'>
  /** Under the key of the node: what is kept of secrets. */
  seal: Seal
  config: Config['transfers']
  /** Where the metrics are registered. */
  registry: Registry
  /**
   * Names this process among those that share the database, and stays the same over restarts, so that
   * a new life takes back at once what the one before was doing. Two living processes must not share it.
   */
  workerId: string
  /** Files are on the disk before they are published; true unless given. */
  isFlushed?: boolean
  /** The folders in which part files may lie; what no open request owns is removed from them. */
  stagingFolders(): Promise<readonly string[]>
  /** Where fetched files are kept for others, on the file system of the drives. Without it nothing is. */
  cacheFolder?: string
  /** The name of a user, by which shares are known; their id without it. */
  userNameOf?: (userId: string) => Promise<string | undefined>
  /** The names of the groups somebody is in, for directories of computing jobs and shares by group. */
  groupsOf?: (userId: string) => Promise<readonly string[]>
  /** How inputs of computing jobs are sent by the user's machine. */
  uploads?: StageUploads
  /** Whom the node may ask beside the public internet; delivery workers keep the same rules. */
  network?: Welcome['network']
  /** In [0, 1); spreads the back-off. Tests fix it. */
  random?: () => number
}

export interface Transfers {
  /** Orders a transfer as `userId`. Throws 400 when the two ends do not go together, 404 for unknown ones. */
  submit(userId: string, order: TransferOrder): Promise<JobView>
  /** Of the files of a job that failed, the first ones by path. */
  listFailures(jobId: string, limit: number): Promise<{ path: string; message: string }[]>
  /** Undefined when the user has no such job. */
  find(userId: string, id: string): Promise<JobView | undefined>
  /** True when every file of a job that is over agreed with a checksum of its source. */
  isVerified(jobId: string): Promise<boolean>
  /** Ends a job; what is there stays. */
  cancel(userId: string, id: string): Promise<void>
  routes: ApiRoute[]
  /** A worker of this process for the queue of the node, for hosts that have its database. */
  workHere(options: HostWorkerOptions, signal: AbortSignal): Promise<void>
  /** Begins to take work from the queue. */
  start(): void
  /** Takes nothing more and gives leases back; part files stay, so that the next start resumes at once. */
  close(): Promise<void>
  /** Resolves when every job is over. */
  idle(): Promise<void>
}

/** The transfer room: generator, scheduler and executors over one database. */
export function createTransfers(given: TransfersDeps): Transfers {
  const endpoints = withStages(given.endpoints, (userId, id) => stages.service.storeFor(userId, id))
  const deps: TransfersDeps = { ...given, endpoints }
  const executors = [
    createStreamExecutor({ outbound: deps.outbound, isFlushed: deps.isFlushed ?? true }),
    createRcloneExecutor({
      outbound: deps.outbound,
      program: deps.config.rcloneProgram,
      log: deps.log,
      daemon: deps.places?.daemon,
    }),
  ]
  const directExecutors = createDirectExecutors(deps)
  const engine = new TransferEngine(deps, { executors, directExecutors })
  const stages: Stages = createStages({
    ...deps,
    submit: (userId, order) => engine.service.submit(userId, order),
    cancel: (userId, jobId) => engine.service.cancel(userId, jobId),
  })
  return {
    submit: async (userId, order) => engine.feed.view(await engine.service.submit(userId, order)),
    listFailures: async (jobId, limit) =>
      (await listFiles(deps.db, jobId, { state: 'ERROR', limit })).map(({ path, errorText }) => ({
        path,
        message: errorText ?? '',
      })),
    async find(userId, id) {
      const job = await findJob(deps.db, id)
      return job?.userId === userId ? engine.feed.view(job) : undefined
    },
    isVerified: (jobId) => isVerified(deps.db, jobId),
    cancel: async (userId, id) => void (await engine.service.cancel(userId, id)),
    routes: [
      ...transferRoutes(engine.apiDeps()),
      ...recurringRoutes(engine),
      ...ftsRoutes({ ...deps, service: engine.service }),
      ...(deps.places?.routes ?? []),
      ...transferOperatorRoutes(engine.operatorDeps()),
      ...engine.delivery.routes,
      ...stages.routes,
      ...(engine.cache === undefined ? [] : cacheRoutes(engine.cache.deps)),
    ],
    start() {
      engine.start()
      stages.start()
    },
    async close() {
      await stages.close()
      await engine.close()
    },
    idle: () => engine.idle(),
    workHere: (options, signal) => workHere(deps, engine.delivery, options, signal),
  }
}

/** Those that let other servers copy between them; FTS only where the operator names one. */
function createDirectExecutors({ outbound, clock, config, places }: TransfersDeps): DirectExecutor[] {
  return [
    createThirdPartyExecutor({ outbound, clock }),
    ...(config.fts === undefined ? [] : [createFtsExecutor({ outbound, clock, config: config.fts })]),
    ...(places === undefined ? [] : [createRcloneDirectExecutor({ outbound, daemon: places.daemon })]),
  ]
}
