import type { ApiRoute } from '../../platform/api-route.ts'
import type { EventBus } from '../../platform/events.ts'
import { regularly } from '../../platform/regularly.ts'
import { type StageUploads, stageRoutes } from './stage-api.ts'
import { StageService, type StageServiceDeps } from './stage-service.ts'

/** What comes without an event: files of users' machines, and the end of patience. */
const LOOK_EVERY_MS = 5000

export interface StagesDeps extends StageServiceDeps {
  events: EventBus
  groupsOf?: ((userId: string) => Promise<readonly string[]>) | undefined
  uploads?: StageUploads | undefined
}

/** Staging for computing jobs: its API, and what moves sets on. */
export interface Stages {
  service: StageService
  routes: ApiRoute[]
  start(): void
  close(): Promise<void>
}

export function createStages(deps: StagesDeps): Stages {
  const service = new StageService(deps)
  const ending = new AbortController()
  let loop: Promise<void> | undefined
  let looking: Promise<void> | undefined
  const look = () => {
    looking ??= service.advanceAll().finally(() => {
      looking = undefined
    })
    return looking
  }
  const onError = (err: unknown) => deps.log.warn({ err }, 'sets of files not looked at')
  const unsubscribe = deps.events.subscribe('transfer', ({ snapshot }) => {
    const isOver = (snapshot as { finishedAt?: string }).finishedAt !== undefined
    if (isOver && loop !== undefined) void look().catch(onError)
  })
  return {
    service,
    routes: stageRoutes({
      ...{ db: deps.db, service, uploads: deps.uploads },
      groupsOf: deps.groupsOf ?? (async () => []),
    }),
    start() {
      loop ??= regularly(deps.clock, { everyMs: LOOK_EVERY_MS, signal: ending.signal }, look, onError)
    },
    async close() {
      ending.abort()
      unsubscribe()
      await loop
      await looking?.catch(() => undefined)
    },
  }
}
