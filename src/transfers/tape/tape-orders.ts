import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { type Run, RunAborted, type StepDeps, sourceOf } from '../run.ts'
import type { TransferError } from '../transfer-error.ts'
import { Gather } from './gather.ts'
import type { TapeClient } from './tape-client.ts'
import { findTapeEnd, findTapeEndOf, MAX_FILES, type TapeEnd } from './tape-end.ts'
import { stageFailed } from './tape-errors.ts'
import { listOrphans, listUnbegun, noteRequest } from './tape-repo.ts'
import { type ArchiveInfo, isOnline } from './types.ts'

const DEFAULT_PIN_SECONDS = 48 * 3600

export interface TapeOrdersDeps {
  db: Db
  clock: Clock
  outbound: Outbound
}

/** Brought online by that request, on disk already (no request), or not to be had. */
type Outcome = { requestId?: string } | { fault: TransferError }

/** Has files brought from tape to disk, many of one job in one request. */
export class TapeOrders {
  private readonly deps: TapeOrdersDeps
  private readonly requests: Gather<Run, Map<string, Outcome>>

  constructor(deps: TapeOrdersDeps, wait: (ms: number) => Promise<void>) {
    this.deps = deps
    this.requests = new Gather(wait, MAX_FILES)
  }

  /** Asks where the file lies, together with others of its job, and has brought online what is on tape. */
  async order(steps: Pick<StepDeps, 'journal'>, run: Run, end: TapeEnd): Promise<'online' | 'staged'> {
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
    const { outbound } = this.deps
    const first = runs[0] as Run
    const wanted = new Map<string, string | undefined>()
    for (const run of runs) wanted.set(findTapeEnd(outbound, await sourceOf(run))?.path ?? '', undefined)
    const { jobId } = first.file
    for (const file of await listUnbegun(this.deps.db, jobId, MAX_FILES - wanted.size)) {
      const end = await findTapeEndOf(outbound, first, file)
      if (end?.baseUrl === baseUrl && !wanted.has(end.path)) wanted.set(end.path, file.id)
    }
    const outcomes = new Map<string, Outcome>()
    const infos = await client.archiveInfo([...wanted.keys()])
    for (const info of infos) outcomes.set(info.path, outcomeOf(client.host, info))
    const known = await this.findOrdered(client, { jobId, baseUrl })
    for (const [path, requestId] of known) if (outcomes.has(path)) outcomes.set(path, { requestId })
    const paths = infos.filter(isOnTape).flatMap(({ path }) => (known.has(path) ? [] : [path]))
    if (paths.length === 0) return outcomes
    const ids = paths.flatMap((path) => wanted.get(path) ?? [])
    const id = await this.stage(first, { client, baseUrl }, paths, ids)
    for (const path of paths) outcomes.set(path, { requestId: id })
    return outcomes
  }

  /** One request for all of them, noted with the files that have not begun yet. */
  private async stage(
    { file: { jobId }, context }: Run,
    { client, baseUrl }: Pick<TapeEnd, 'client' | 'baseUrl'>,
    paths: readonly string[],
    fileIds: readonly string[],
  ): Promise<string> {
    const { db, clock } = this.deps
    const diskLifetime = `PT${context.job.options.pinSeconds ?? DEFAULT_PIN_SECONDS}S`
    const id = await client.stage(paths.map((path) => ({ path, diskLifetime })))
    await noteRequest(db, { id, jobId, baseUrl, createdAtMs: clock.nowMs(), polls: 0 }, fileIds)
    return id
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
}

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
