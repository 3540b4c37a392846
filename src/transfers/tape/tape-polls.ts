import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { DtrEvent } from '../dtr-states.ts'
import type { Run } from '../run.ts'
import { TransferError } from '../transfer-error.ts'
import type { TransferFile } from '../types.ts'
import { Gather } from './gather.ts'
import { pollAfterSeconds } from './tape-client.ts'
import { findTapeEndOf, type TapeEnd } from './tape-end.ts'
import { stageFailed } from './tape-errors.ts'
import { findRequest, listResting, notePoll, type TapeRequest, wakeResting } from './tape-repo.ts'
import type { StagedFile } from './types.ts'

/** An answer so young serves all that wake at the same time. */
const YOUNG_MS = 900
const MAX_RECENT = 1000
const DEFAULT_PATIENCE_SECONDS = 7 * 86_400

export interface TapePollsDeps {
  db: Db
  clock: Clock
  outbound: Outbound
}

/** How far requests to tape are: one look at a request tells for all of its files. */
export class TapePolls {
  private readonly deps: TapePollsDeps
  private readonly polls: Gather<Run, StagedFile[]>
  private readonly recent = new Map<string, { atMs: number; files: StagedFile[] }>()

  constructor(deps: TapePollsDeps, wait: (ms: number) => Promise<void>) {
    this.deps = deps
    this.polls = new Gather(wait, Number.POSITIVE_INFINITY)
  }

  /** `ok` when the file is on disk, `wait` while it is not. Throws when it will not be. */
  async look(run: Run, end: TapeEnd): Promise<DtrEvent> {
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
    await this.wakeAfter(run, requestId, files, request)
    return files
  }

  private async wakeAfter(
    run: Run,
    requestId: string,
    files: readonly StagedFile[],
    request: TapeRequest | undefined,
  ): Promise<void> {
    const { db, clock, outbound } = this.deps
    const still = new Set(files.filter(({ state }) => state === 'waiting').map(({ path }) => path))
    const nowMs = clock.nowMs()
    const pauseMs = pollAfterSeconds((request?.polls ?? 0) + 1) * 1000
    const waiting: string[] = []
    const arrived: string[] = []
    for (const file of await listResting(db, requestId)) {
      const path = (await findTapeEndOf(outbound, run, file))?.path
      ;(path !== undefined && still.has(path) ? waiting : arrived).push(file.id)
    }
    await wakeResting(db, waiting, nowMs + pauseMs)
    await wakeResting(db, arrived, nowMs)
  }
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
