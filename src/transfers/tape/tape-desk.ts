import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { DtrEvent } from '../dtr-states.ts'
import type { TransferSource } from '../endpoints.ts'
import { type Run, RunAborted, type StepDeps, sourceOf } from '../run.ts'
import { TransferError } from '../transfer-error.ts'
import type { TransferFile } from '../types.ts'
import { Gather } from './gather.ts'
import { pollAfterSeconds, TapeClient, tapePathOf } from './tape-client.ts'
import { stageFailed } from './tape-errors.ts'
import {
  findRequest,
  listOrphans,
  listResting,
  listUnbegun,
  notePoll,
  noteRequest,
  type TapeRequest,
  wakeResting,
} from './tape-repo.ts'
import { type ArchiveInfo, isOnline, type StagedFile } from './types.ts'

/** Files of one request; sites split or refuse larger ones. */
const MAX_FILES = 200
const DEFAULT_PIN_SECONDS = 48 * 3600
/** An answer so young serves all that wake at the same time. */
const YOUNG_MS = 900
const MAX_RECENT = 1000
const DEFAULT_PATIENCE_SECONDS = 7 * 86_400

export interface TapeDeskDeps {
  db: Db
  clock: Clock
  log: Logger
  outbound: Outbound
}

/** A source whose files may lie on tape. */
interface TapeEnd {
  client: TapeClient
  baseUrl: string
  path: string
}

/**
 * Brings files from tape to disk before they are fetched, many of one job in one request, and lets them go
 * afterwards. Files that wait hold no slot; one look at a request tells for all of them.
 */
export class TapeDesk {
  private readonly deps: TapeDeskDeps
  private readonly requests: Gather<Run, Map<string, Outcome>>
  private readonly polls: Gather<Run, StagedFile[]>
  private readonly releases: Gather<string, void>
  private readonly recent = new Map<string, { atMs: number; files: StagedFile[] }>()

  constructor(deps: TapeDeskDeps) {
    this.deps = deps
    const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
    this.requests = new Gather(wait, MAX_FILES)
    this.polls = new Gather(wait, Number.POSITIVE_INFINITY)
    this.releases = new Gather(wait, MAX_FILES)
  }

  /** STAGING_PREPARING: `ok` when the bytes can be read, `wait` while they come from tape. */
  async prepare(steps: Pick<StepDeps, 'journal'>, run: Run): Promise<DtrEvent> {
    const end = this.endOf(await sourceOf(run))
    if (end === undefined || run.file.cacheState === 'CACHE_ALREADY_PRESENT') return 'ok'
    run.location = 'ERROR_SOURCE'
    if (run.file.stageRequest === null && (await this.order(steps, run, end)) === 'online') return 'ok'
    return this.look(run, end)
  }

  /** RELEASING_REQUEST: the site may have its disk back. That it cannot be told is no failure of ours. */
  async release(run: Run): Promise<DtrEvent> {
    await this.letGo(run, false)
    return 'ok'
  }

  /** A request that ends without its file: what still comes from tape need not come. */
  async abandon(run: Run): Promise<void> {
    await this.letGo(run, true)
  }

  private async letGo(run: Run, isAbandoned: boolean): Promise<void> {
    const { stageRequest } = run.file
    if (stageRequest === null) return
    try {
      const end = this.endOf(await sourceOf(run))
      // What was online already is released; what was not is not brought any more. Neither harms the other.
      if (end !== undefined && isAbandoned)
        await end.client.cancel(stageRequest, [end.path]).catch(() => undefined)
      if (end !== undefined)
        await this.releases.ask(stageRequest, end.path, (paths) =>
          end.client.release(stageRequest, [...new Set(paths)]),
        )
    } catch (error) {
      this.deps.log.info({ err: error, jobId: run.file.jobId }, 'file from tape not released')
    }
    run.file.stageRequest = null
  }

  private endOf({ remote, abilities, path }: TransferSource): TapeEnd | undefined {
    const baseUrl = abilities?.tapeUrl
    if (remote === undefined || baseUrl === undefined) return undefined
    const { outbound } = this.deps
    const client = new TapeClient({ outbound, baseUrl, credentials: remote.credentials })
    return { client, baseUrl, path: tapePathOf(remote.urlOf(path)) }
  }

  /** Asks where the file lies, together with others of its job, and has brought online what is on tape. */
  private async order(
    steps: Pick<StepDeps, 'journal'>,
    run: Run,
    end: TapeEnd,
  ): Promise<'online' | 'staged'> {
    const name = JSON.stringify([run.file.jobId, end.baseUrl])
    const outcomes = await this.requests.ask(name, run, (runs) => this.orderAll(runs, end))
    const outcome = outcomes.get(end.path)
    if (outcome === undefined) throw stageFailed(end.client.host, end.path, undefined)
    if ('fault' in outcome) throw outcome.fault
    if (outcome.requestId === undefined) return 'online'
    run.file.stageRequest = outcome.requestId
    if (!(await steps.journal.commit(run.file))) throw new RunAborted('lease-lost')
    return 'staged'
  }

  private async orderAll(runs: readonly Run[], { client, baseUrl }: TapeEnd): Promise<Map<string, Outcome>> {
    const { db, clock } = this.deps
    const first = runs[0] as Run
    const wanted = new Map<string, string | undefined>()
    for (const run of runs) wanted.set(this.endOf(await sourceOf(run))?.path ?? '', undefined)
    const { jobId } = first.file
    for (const file of await listUnbegun(db, jobId, MAX_FILES - wanted.size)) {
      const end = this.endOf(await sourceOf({ ...first, file }).catch(() => NOWHERE))
      if (end?.baseUrl === baseUrl && !wanted.has(end.path)) wanted.set(end.path, file.id)
    }
    const outcomes = new Map<string, Outcome>()
    const infos = await client.archiveInfo([...wanted.keys()])
    for (const info of infos) outcomes.set(info.path, outcomeOf(client.host, info))
    const known = await this.findOrdered(client, { jobId, baseUrl })
    for (const [path, requestId] of known) if (outcomes.has(path)) outcomes.set(path, { requestId })
    const paths = infos.filter(isOnTape).flatMap(({ path }) => (known.has(path) ? [] : [path]))
    if (paths.length === 0) return outcomes
    const diskLifetime = `PT${first.context.job.options.pinSeconds ?? DEFAULT_PIN_SECONDS}S`
    const id = await client.stage(paths.map((path) => ({ path, diskLifetime })))
    const request: TapeRequest = { id, jobId, baseUrl, createdAtMs: clock.nowMs(), polls: 0 }
    await noteRequest(
      db,
      request,
      paths.flatMap((path) => wanted.get(path) ?? []),
    )
    for (const path of paths) outcomes.set(path, { requestId: id })
    return outcomes
  }

  /** What a life before this one ordered and died before it could be noted in the files. */
  private async findOrdered(
    client: TapeClient,
    of: { jobId: string; baseUrl: string },
  ): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    for (const id of await listOrphans(this.deps.db, of)) {
      const files = await client.poll(id).catch(() => [])
      for (const { path, state } of files) if (state === 'waiting' || state === 'online') found.set(path, id)
    }
    return found
  }

  private async look(run: Run, end: TapeEnd): Promise<DtrEvent> {
    const { db, clock } = this.deps
    const requestId = run.file.stageRequest as string
    const request = await findRequest(db, requestId)
    const files = await this.polls
      .ask(requestId, run, () => this.poll(run, end, request))
      .catch((error) => forget(run.file, error))
    const found = files.find(({ path }) => path === end.path)
    if (found?.state === 'online') return 'ok'
    const fault =
      found === undefined ? stageFailed(end.client.host, end.path, undefined) : end.client.faultOf(found)
    if (fault !== undefined) throw fault
    const patienceMs = (run.context.job.options.bringOnlineSeconds ?? DEFAULT_PATIENCE_SECONDS) * 1000
    const sinceMs = request?.createdAtMs ?? clock.nowMs()
    if (clock.nowMs() >= sinceMs + patienceMs) throw tooLate(end, patienceMs)
    const pauseMs = pollAfterSeconds((request?.polls ?? 0) + 1) * 1000
    run.waitUntilMs = Math.min(clock.nowMs() + pauseMs, sinceMs + patienceMs)
    return 'wait'
  }

  /** One question for all files of a request; those that arrived go on at once, the others rest together. */
  private async poll(run: Run, { client }: TapeEnd, request: TapeRequest | undefined): Promise<StagedFile[]> {
    const { db, clock } = this.deps
    const requestId = run.file.stageRequest as string
    const known = this.recent.get(requestId)
    if (known !== undefined && clock.nowMs() - known.atMs < YOUNG_MS) return known.files
    const files = await client.poll(requestId)
    if (this.recent.size >= MAX_RECENT) this.recent.clear()
    this.recent.set(requestId, { atMs: clock.nowMs(), files })
    await notePoll(db, requestId)
    const still = new Set(files.filter(({ state }) => state === 'waiting').map(({ path }) => path))
    const nowMs = clock.nowMs()
    const pauseMs = pollAfterSeconds((request?.polls ?? 0) + 1) * 1000
    const waiting: string[] = []
    const arrived: string[] = []
    for (const file of await listResting(db, requestId)) {
      const path = this.endOf(await sourceOf({ ...run, file }).catch(() => NOWHERE))?.path
      ;(path !== undefined && still.has(path) ? waiting : arrived).push(file.id)
    }
    await wakeResting(db, waiting, nowMs + pauseMs)
    await wakeResting(db, arrived, nowMs)
    return files
  }
}

/** Brought online by that request, on disk already (no request), or not to be had. */
type Outcome = { requestId?: string } | { fault: TransferError }

/** A place that is on no tape. */
const NOWHERE = { path: [] } as unknown as TransferSource

function isOnTape({ locality }: ArchiveInfo): boolean {
  return locality === 'TAPE'
}

function outcomeOf(host: string, info: ArchiveInfo): Outcome {
  if (isOnline(info) || info.locality === 'TAPE') return {}
  return { fault: stageFailed(host, info.path, info.error ?? wordsOf(info)) }
}

function wordsOf({ locality }: ArchiveInfo): string | undefined {
  if (locality === 'LOST') return 'it is lost'
  if (locality === 'NONE') return 'it does not exist on disk or tape'
  return undefined
}

/** A request that the site has forgotten is made anew by the next attempt. */
function forget(file: TransferFile, error: unknown): never {
  if (error instanceof TransferError && error.fault.code === 'TAPE_REQUEST_GONE') file.stageRequest = null
  throw error
}

function tooLate({ client, path }: TapeEnd, patienceMs: number): TransferError {
  return new TransferError({
    code: 'STAGING_TIMEOUT',
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `${client.host} did not bring ${path} from tape within ${patienceMs / 1000} s. Ask its operator, or order again with more time.`,
    temporary: false,
  })
}
