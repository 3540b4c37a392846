import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { findPublicKey } from '../../platform/public-key.ts'
import { normaliseHost } from '../address.ts'
import { fetchJson } from '../discovery/fetch-json.ts'
import type { DirectoriesRepo, DirectoryRow, ListedServer } from './directories-repo.ts'
import { DirectoryError, isJws, payloadOf, verifyJws } from './jws.ts'
import { type DirectoryList, readDirectory } from './read-directory.ts'

type DirectoryConfig = Config['ocm']['directories'][number]

const MAX_BYTES = 1024 * 1024
const TIMEOUT_MS = 30 * 1000
const FRESH_MS = 60 * 60 * 1000

/** How it went with a configured directory. */
export interface DirectoryState {
  url: string
  federation: string
  /** When the list in force was read; undefined as long as there is none. */
  readAtMs?: number
  serverCount: number
  /** Why the last try failed; the list of before stays in force. */
  failure?: { text: string; atMs: number }
}

/** The directories that this node reads. */
export interface Directories {
  /** Reads those that are due, or all; never throws, a failure is written down. */
  refresh(options?: { all?: boolean; signal?: AbortSignal }): Promise<void>
  /** `host` in the form of `normaliseHost`. */
  isListed(host: string): Promise<boolean>
  /** By display name; a server that several list stands there once. */
  listServers(): Promise<(ListedServer & { federation: string })[]>
  list(): Promise<DirectoryState[]>
}

export interface DirectoriesOptions {
  directories: readonly DirectoryConfig[]
  repo: DirectoriesRepo
  outbound: Outbound
  clock: Clock
  log: Logger
  /** For one directory; 30 seconds unless given. */
  timeoutMs?: number
}

/** Lists of servers that others publish. The last good one is in force until the next (OCM 1.4 "Directory Service"). */
export function createDirectories(options: DirectoriesOptions): Directories {
  const { repo, clock } = options
  const configured = new Map(options.directories.map((one) => [one.url, { ...one, basis: basisOf(one) }]))
  const isInForce = (row: { url: string; basis: string | null }) =>
    configured.get(row.url)?.basis === row.basis
  const listRows = async () => new Map((await repo.list()).map((row) => [row.url, row]))
  return {
    async refresh({ all = false, signal } = {}) {
      const rows = await listRows()
      for (const one of configured.values()) {
        if (signal?.aborted) return
        if (all || isDue(rows.get(one.url), one.basis, clock.nowMs())) await read(options, one, signal)
      }
    },
    async isListed(host) {
      return (await repo.listListing(host)).some(isInForce)
    },
    async listServers() {
      if (configured.size === 0) return []
      const rows = await listRows()
      const servers = (await repo.listServers()).flatMap((server) => {
        const row = rows.get(server.directoryUrl)
        return row !== undefined && isInForce(row) ? { ...server, federation: row.federation ?? '' } : []
      })
      return [...new Map(servers.map((server) => [server.host, server])).values()]
    },
    async list() {
      const [rows, servers] = [await listRows(), await repo.listServers()]
      return [...configured.values()].map(({ url }) => {
        const row = rows.get(url)
        const inForce = row !== undefined && row.read_at_ms !== null && isInForce(row) ? row : undefined
        const count = servers.filter((server) => server.directoryUrl === url).length
        return {
          url,
          federation: inForce?.federation ?? '',
          ...(inForce === undefined ? {} : { readAtMs: inForce.read_at_ms as number }),
          serverCount: inForce === undefined ? 0 : count,
          ...failureOf(row),
        }
      })
    },
  }
}

/** What makes a list trustworthy; another key, and the list of before is worth nothing. */
function basisOf({ key, allowUnsigned }: DirectoryConfig): string {
  return sha256Hex(JSON.stringify([key ?? null, allowUnsigned]))
}

function isDue(row: DirectoryRow | undefined, basis: string, nowMs: number): boolean {
  if (row === undefined || row.basis !== basis || row.failed_at_ms !== null) return true
  return nowMs - row.tried_at_ms >= FRESH_MS
}

function failureOf(row: DirectoryRow | undefined): Pick<DirectoryState, 'failure'> {
  if (row === undefined || row.failed_at_ms === null) return {}
  return { failure: { text: row.failure_text ?? '', atMs: row.failed_at_ms } }
}

async function read(
  options: DirectoriesOptions,
  directory: DirectoryConfig & { basis: string },
  stop: AbortSignal | undefined,
): Promise<void> {
  const { repo, clock, log } = options
  const { url, basis } = directory
  try {
    const list = await fetchDirectory(options, directory, stop)
    await repo.save(url, basis, list, clock.nowMs())
    if (list.passedOver > 0) log.warn({ url, passedOver: list.passedOver }, 'directory has broken entries')
  } catch (error) {
    if (stop?.aborted) return
    log.warn({ url, why: messageOf(error) }, 'directory could not be read')
    await repo
      .saveFailure(url, messageOf(error).slice(0, 500), clock.nowMs())
      .catch((err: unknown) => log.error({ url, err }, 'directory could not be written down'))
  }
}

async function fetchDirectory(
  { outbound, clock, timeoutMs = TIMEOUT_MS }: DirectoriesOptions,
  { url, key, allowUnsigned }: DirectoryConfig,
  stop: AbortSignal | undefined,
): Promise<DirectoryList> {
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stop ?? []].flat())
  const { host } = new URL(url)
  const { status, json } = await fetchJson(outbound, host, { url, maxBytes: MAX_BYTES }, signal)
  if (status !== 200) throw new DirectoryError(`${normaliseHost(host)} answers HTTP ${status}.`)
  if (typeof json !== 'object' || json === null) throw new DirectoryError('It is not JSON.')
  // A signature that is there must hold, also where none is demanded.
  if (key !== undefined && isJws(json))
    return readDirectory(await verifyJws(json, keysOf(key), clock.nowMs()))
  if (!allowUnsigned) throw new DirectoryError('It is not signed.')
  return readDirectory(isJws(json) ? payloadOf(json) : json)
}

function keysOf(key: NonNullable<DirectoryConfig['key']>) {
  return [key].flat().flatMap((one) => findPublicKey(one) ?? [])
}
