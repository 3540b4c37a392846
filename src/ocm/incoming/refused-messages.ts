import { Counter, type Registry } from 'prom-client'
import { BoundedCache } from '../../platform/bounded-cache.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { cleanLine } from '../foreign-text.ts'
import type { PeersRepo } from '../peers-repo.ts'
import type { SignatureError, SignatureFault } from '../signatures/signature-error.ts'

/** Written down once a minute for each server; how often it was, the counter knows. */
const QUIET_MS = 60_000
const MAX_PEERS = 2_000
/** So many servers have a series of their own in the metrics. */
const MAX_LABELS = 500
const OTHER = 'other'
const MAX_TEXT = 300

/** What went wrong, coarse enough for a graph. */
const CLASSES: Record<SignatureFault, string> = {
  SIGNATURE_REQUIRED: 'unsigned',
  SIGNATURE_MALFORMED: 'form',
  SIGNATURE_AMBIGUOUS: 'form',
  SIGNATURE_INCOMPLETE: 'form',
  SIGNATURE_FORM_NOT_SUPPORTED: 'form',
  SIGNATURE_EXPIRED: 'time',
  SIGNATURE_FROM_THE_FUTURE: 'time',
  SIGNATURE_INVALID: 'invalid',
  SIGNATURE_REPLAYED: 'replayed',
  CONTENT_LENGTH_MISMATCH: 'body',
  CONTENT_DIGEST_MISMATCH: 'body',
  KEY_NOT_FOUND: 'key',
  KEY_CHANGED: 'key',
  KEY_NOT_ACCEPTED: 'key',
  SIGNER_IS_NOT_SENDER: 'sender',
  SENDER_NOT_DISCOVERABLE: 'sender',
}

/** Remembers for operators whose messages are refused because of their signatures. Never fails. */
export interface RefusedMessages {
  /** `host`: whose message it says to be, which is not proven; undefined when it does not say. */
  refused(host: string | undefined, error: SignatureError): Promise<void>
  /** A message of that server was signed well: what was refused before is over. */
  proven(host: string): Promise<void>
}

export interface RefusedMessagesOptions {
  repo: Pick<PeersRepo, 'saveRefusal' | 'endRefusals'>
  clock: Clock
  log: Logger
  /** Where the counter shows; nowhere when left out. */
  registry?: Registry | undefined
}

export function createRefusedMessages(options: RefusedMessagesOptions): RefusedMessages {
  const { repo, clock, log } = options
  const counter = createCounter(options.registry)
  const labels = new Set<string>()
  const written = new BoundedCache<{ atMs: number; isKnown: boolean }>(MAX_PEERS)
  const endedAtMs = new BoundedCache<number>(MAX_PEERS)
  const isQuiet = (atMs: number | undefined) => atMs !== undefined && clock.nowMs() - atMs < QUIET_MS
  /** Whether we know that server: a stranger, and whoever takes a name, leaves no trace and has no label. */
  const write = async (host: string, { fault, message }: SignatureError): Promise<boolean> => {
    const last = written.find(host)
    if (last !== undefined && isQuiet(last.atMs)) return last.isKnown
    const atMs = clock.nowMs()
    const isKnown = await repo.saveRefusal(host, { fault, text: cleanLine(message, MAX_TEXT), atMs })
    written.set(host, { atMs, isKnown })
    endedAtMs.delete(host)
    return isKnown
  }
  const quietly = <T>(host: string, work: Promise<T>): Promise<T | undefined> =>
    work.catch((err: unknown) => {
      log.warn({ peer: host, err }, 'peer could not be written down')
      return undefined
    })
  return {
    async refused(host, error) {
      const isKnown = host !== undefined && (await quietly(host, write(host, error))) === true
      if (isKnown && labels.size < MAX_LABELS) labels.add(host)
      const peer = isKnown && labels.has(host) ? host : OTHER
      counter.inc({ peer, reason: CLASSES[error.fault] })
    },
    async proven(host) {
      written.delete(host)
      if (isQuiet(endedAtMs.find(host))) return
      endedAtMs.set(host, clock.nowMs())
      await quietly(host, repo.endRefusals(host))
    },
  }
}

function createCounter(registry: Registry | undefined) {
  return new Counter({
    name: 'causeway_ocm_messages_refused_total',
    help: 'Messages of other servers that were refused because of their signatures.',
    labelNames: ['peer', 'reason'] as const,
    registers: registry === undefined ? [] : [registry],
  })
}
