import type { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import { parseHttpDate } from '../../platform/http-date.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { parseRetryAfter } from '../backoff.ts'
import type { CredentialSource } from '../endpoints.ts'
import { stageFailed, tapeNonsense, tapeRefused } from './tape-errors.ts'
import { type ArchiveInfo, type StagedFile, type TapeFile, toLocality } from './types.ts'
import { archiveSchema, requestSchema, stagedSchema } from './wire.ts'

/** Files of one request; sites refuse or split larger ones. */
export const MAX_TAPE_FILES = 500
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const MAX_POLL_SECONDS = 600

export interface TapeClientDeps {
  outbound: Outbound
  /** Base of the API, from `discoverTape` or told by the user. */
  baseUrl: string
  credentials: CredentialSource
}

interface Ask {
  operation: string
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: unknown
}

/**
 * WLCG Tape REST API v1: brings files from tape to disk and lets them go again. Keeps nothing: the id of
 * a request is all that must be remembered. Throws `TransferError` for what the site answers and
 * `OutboundError` when it does not.
 */
export class TapeClient {
  private readonly deps: TapeClientDeps
  readonly host: string

  constructor(deps: TapeClientDeps) {
    this.deps = deps
    this.host = new URL(deps.baseUrl).host
  }

  /** Asks for up to `MAX_TAPE_FILES` files at once; the id of the request. */
  async stage(files: readonly TapeFile[], signal?: AbortSignal): Promise<string> {
    if (files.length === 0 || files.length > MAX_TAPE_FILES)
      throw new RangeError(`A request holds 1 to ${MAX_TAPE_FILES} files.`)
    const answer = await this.ask(
      { operation: 'stage', method: 'POST', path: '/stage', body: { files } },
      signal,
    )
    return this.read('stage', stagedSchema, answer).requestId
  }

  /** How far the files of a request are. Throws TAPE_REQUEST_GONE when the site knows it no more: stage anew. */
  async poll(requestId: string, signal?: AbortSignal): Promise<StagedFile[]> {
    const answer = await this.ask(
      { operation: 'poll', method: 'GET', path: `/stage/${segment(requestId)}` },
      signal,
    )
    return this.read('poll', requestSchema, answer).files.map(toStagedFile)
  }

  /** Ends the staging of some files; one that is not in the request makes the site refuse all (400). */
  async cancel(requestId: string, paths: readonly string[], signal?: AbortSignal): Promise<void> {
    const path = `/stage/${segment(requestId)}/cancel`
    await this.ask({ operation: 'cancel', method: 'POST', path, body: { paths } }, signal)
  }

  /** Ends the whole request and lets the site forget it. One that is forgotten already is no failure. */
  async remove(requestId: string, signal?: AbortSignal): Promise<void> {
    await this.ask(
      { operation: 'remove', method: 'DELETE', path: `/stage/${segment(requestId)}` },
      signal,
      [404],
    )
  }

  /** The copies on disk are needed no more; the site may drop them. One that is forgotten is no failure. */
  async release(requestId: string, paths: readonly string[], signal?: AbortSignal): Promise<void> {
    const path = `/release/${segment(requestId)}`
    await this.ask({ operation: 'release', method: 'POST', path, body: { paths } }, signal, [404])
  }

  /** Where files lie, in the order asked. Sites may answer for a part of a long list; the rest is asked again. */
  async archiveInfo(paths: readonly string[], signal?: AbortSignal): Promise<ArchiveInfo[]> {
    const known = new Map<string, ArchiveInfo>()
    let left = [...new Set(paths)]
    while (left.length > 0) {
      const body = { paths: left.slice(0, MAX_TAPE_FILES) }
      const answer = await this.ask(
        { operation: 'archiveinfo', method: 'POST', path: '/archiveinfo', body },
        signal,
      )
      const told = this.read('archiveinfo', archiveSchema, answer)
      for (const one of told) known.set(one.path, toArchiveInfo(one))
      const rest = left.filter((path) => !known.has(path))
      if (rest.length === left.length) break
      left = rest
    }
    return paths.map((path) => known.get(path) ?? { path, error: `${this.host} did not say.` })
  }

  /** The fault of a file that was not brought to disk; undefined while it waits and when it is there. */
  faultOf({ state, path, error }: StagedFile): Error | undefined {
    if (state === 'failed') return stageFailed(this.host, path, error)
    return state === 'cancelled' ? stageFailed(this.host, path, 'somebody cancelled the request') : undefined
  }

  private async ask(ask: Ask, signal?: AbortSignal, alsoGood: readonly number[] = []): Promise<string> {
    const { credentials } = this.deps
    let answer = await this.send(ask, signal)
    if (answer.status === 401 && (await credentials.renew?.())) answer = await this.send(ask, signal)
    const { status, text, headers } = answer
    if ((status >= 200 && status < 300) || alsoGood.includes(status)) return text
    const answeredAtMs = parseHttpDate(headers.date ?? '') ?? Number.POSITIVE_INFINITY
    const retryAfterSeconds = parseRetryAfter(headers['retry-after'], answeredAtMs)
    throw tapeRefused({ host: this.host, operation: ask.operation, status, text, retryAfterSeconds })
  }

  private async send({ method, path, body }: Ask, signal: AbortSignal | undefined) {
    const { outbound, baseUrl, credentials } = this.deps
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' }
    return await outbound.requestText(
      {
        method,
        url: baseUrl + path,
        headers: { Accept: 'application/json', ...json, ...(await credentials.headers()) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      },
      MAX_ANSWER_BYTES,
    )
  }

  private read<T>(operation: string, schema: z.ZodType<T>, text: string): T {
    try {
      return schema.parse(JSON.parse(text))
    } catch {
      throw tapeNonsense(this.host, operation)
    }
  }
}

function segment(requestId: string): string {
  return encodeURIComponent(requestId)
}

function toStagedFile(file: z.infer<typeof requestSchema>['files'][number]): StagedFile {
  const error = file.error ? { error: file.error } : {}
  return { path: file.path, state: stateOf(file), ...error }
}

/** `onDisk` is what counts where it is told; without it an error alone says that it failed. */
function stateOf({
  state,
  onDisk,
  error,
}: z.infer<typeof requestSchema>['files'][number]): StagedFile['state'] {
  if (onDisk === true || state === 'COMPLETED') return 'online'
  if (state === 'FAILED' || (state === undefined && error)) return 'failed'
  return state === 'CANCELLED' ? 'cancelled' : 'waiting'
}

function toArchiveInfo({ path, locality, error }: z.infer<typeof archiveSchema>[number]): ArchiveInfo {
  const known = toLocality(locality)
  return { path, ...(known === undefined ? {} : { locality: known }), ...(error ? { error } : {}) }
}

/** What a tape system knows a file by: the decoded path of its URL, slashes collapsed. */
export function tapePathOf(url: string): string {
  const names = new URL(url).pathname.split('/').filter(Boolean)
  return `/${names.map(decodeURIComponent).join('/')}`
}

/** How long to wait before poll `n` (from 1): 1, 2, 4 … seconds, at most ten minutes. */
export function pollAfterSeconds(n: number): number {
  return Math.min(2 ** Math.max(0, n - 1), MAX_POLL_SECONDS)
}

export interface OnlineWait {
  clock: Clock
  signal: AbortSignal
  /** Told after every poll. */
  onPoll?(files: readonly StagedFile[]): void
}

/**
 * Polls with growing pauses until no file of a request waits any more. For callers that have nothing else
 * to do meanwhile; the scheduler polls by itself, for many requests at a time.
 */
export async function untilOnline(
  client: TapeClient,
  requestId: string,
  { clock, signal, onPoll }: OnlineWait,
): Promise<StagedFile[]> {
  for (let n = 1; ; n++) {
    const files = await client.poll(requestId, signal)
    onPoll?.(files)
    if (files.every((file) => file.state !== 'waiting')) return files
    await clock.wait(pollAfterSeconds(n) * 1000, signal)
  }
}
