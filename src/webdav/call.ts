import type { Readable } from 'node:stream'
import type { TokenIssuer } from '../accounts/types.ts'
import type { Clock } from '../platform/clock.ts'
import { NotFoundError, PayloadTooLargeError } from '../platform/errors.ts'
import { REQUEST_XML_LIMITS } from '../platform/xml.ts'
import type { LockRegistry } from '../store/locks/locks.ts'
import type { Entry, FileStore, ResourceKey, StorePath } from '../store/types.ts'
import type { DavSession } from './mount.ts'
import type { DavTarget } from './target.ts'
import type { ThirdParty } from './tpc/third-party.ts'

/** The body of a request, not touched before `accept`. */
export interface DavBody {
  /** From Content-Length; undefined for a chunked body. */
  declaredBytes: number | undefined
  /** The client waits for 100 Continue before it sends anything. */
  isAwaited: boolean
  /**
   * Lets the client send (100 Continue) and gives the bytes. Leaving the loop early does not destroy the
   * connection, on which the answer still has to travel.
   */
  accept(): AsyncIterable<Buffer>
}

/** What the methods need of the node. */
export interface DavContext {
  locks: LockRegistry
  clock: Clock
  /** Most entries one `Depth: infinity` may answer. */
  maxTreeEntries: number
  /** Largest file that is taken. */
  maxUploadBytes: number
  /** The session behind another address of this node, for the same asker. */
  open(target: DavTarget): Promise<DavSession>
  /** True when an address with a host names this node. */
  isOwn(target: DavTarget): boolean
  /** The names of an address of this node, without those of the path of its public address. */
  namesOf(target: DavTarget): StorePath
  /** Scheme, host and port by which the world knows this node. */
  publicOrigin?: string
  /** Makes tokens of limited power; undefined where there are none. */
  tokens?: TokenIssuer | undefined
  /** Copies from and to other servers; undefined where there are none. */
  thirdParty?: ThirdParty | undefined
  /** Where a failure of ours goes that does not end the request. */
  onFailure(error: unknown): void
}

/** One request, past authentication and conditions, as the methods see it. */
export interface DavCall {
  method: string
  target: DavTarget
  session: DavSession
  /** The session's store, opened with the lock tokens of the request. */
  store: FileStore
  lockTokens: readonly string[]
  header(name: string): string | undefined
  body: DavBody
  signal: AbortSignal
  context: DavContext
}

/** What to answer; a plain value that the adapter writes. */
export interface DavAnswer {
  status: number
  headers?: Record<string, string>
  body?: string | Buffer | Readable | Iterable<string>
}

export function hasBody(body: DavBody): boolean {
  return body.declaredBytes !== 0
}

/** Collects a small body, such as XML; a larger one is `PayloadTooLargeError`. */
export async function readBody(body: DavBody, maxBytes = REQUEST_XML_LIMITS.maxBytes): Promise<Buffer> {
  if (!hasBody(body)) return Buffer.alloc(0)
  if ((body.declaredBytes ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body.accept()) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(maxBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The body of this request may have at most ${maxBytes} bytes.`)
}

/** What stands at the session's path, or undefined. */
export async function findEntry(store: FileStore, path: DavSession['path']): Promise<Entry | undefined> {
  try {
    return await store.stat(path)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** True for what belongs to somebody else and was mounted into this tree: it lies in another store than the root. */
export async function isMounted(store: FileStore, resource: ResourceKey): Promise<boolean> {
  return (await store.locate([])).scope !== resource.scope
}
