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
export const MAX_LABELS = 500
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
  repo: Pick<PeersRepo, 'findStanding' | 'saveRefusal' | 'endRefusals'>
  clock: Clock
  log: Logger
  /** Where the counter shows; nowhere when left out. */
  registry?: Registry | undefined
}

/** That a refusal was written down lately, or is just being; other messages of that server need not be. */
interface Note {
  atMs: number
  /** Whether we know that server: a stranger, and whoever takes a name, leaves no trace and has no label. */
  isKnown: Promise<boolean>
}

export function createRefusedMessages(options: RefusedMessagesOptions): RefusedMessages {
  const { repo, clock, log } = options
  const counter = createCounter(options.registry)
  const labels = new Set<string>()
  const written = new BoundedCache<Note>(MAX_PEERS)
  const warn = (peer: string, err: unknown) => log.warn({ peer, err }, 'peer could not be written down')
  /** Anybody can invent hosts, so for those it stays at one read. */
  const write = async (host: string, { fault, message }: SignatureError, atMs: number): Promise<boolean> => {
    if ((await repo.findStanding(host)) === 'unknown') return false
    return repo.saveRefusal(host, { fault, text: cleanLine(message, MAX_TEXT), atMs })
  }
  const writeQuietly = (host: string, error: SignatureError): Promise<boolean> => {
    const last = written.find(host)
    const atMs = clock.nowMs()
    if (last !== undefined && atMs - last.atMs < QUIET_MS) return last.isKnown
    const note: Note = {
      atMs,
      isKnown: write(host, error, atMs).catch((err: unknown) => {
        // What has taken its place meanwhile stays.
        if (written.find(host) === note) written.delete(host)
        warn(host, err)
        return false
      }),
    }
    // Before anything is awaited: messages that come together are written once.
    written.set(host, note)
    return note.isKnown
  }
  return {
    async refused(host, error) {
      const isKnown = host !== undefined && (await writeQuietly(host, error))
      if (isKnown && labels.size < MAX_LABELS) labels.add(host)
      const peer = isKnown && labels.has(host) ? host : OTHER
      counter.inc({ peer, reason: CLASSES[error.fault] })
    },
    async proven(host) {
      const note = written.find(host)
      written.delete(host)
      // One that is just being written came before this message.
      await note?.isKnown
      try {
        // Read each time: another process may have written one down, or this one just now.
        if ((await repo.findStanding(host)) === 'refused') await repo.endRefusals(host)
      } catch (err) {
        warn(host, err)
      }
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
