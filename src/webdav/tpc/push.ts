import type { UploadAnswer, Uploader } from '../../platform/outbound-upload.ts'
import type { Entry } from '../../store/types.ts'
import { answerWantedDigests } from '../digest-answers.ts'
import { compareWithFar } from './compare.ts'
import { CopyFailure, remoteStatus } from './failure.ts'
import { discard, type FarFile, redirectOf } from './far-end.ts'
import type { Task } from './pull.ts'

/** Up to here the whole file goes out at once, over a connection that is kept. */
const SMALL_BYTES = 1024 * 1024
const MAX_REDIRECTS = 5
const STORED = new Set([200, 201, 204])
/** The answer to what was done lies elsewhere, to be read by GET (RFC 9110 15.4.4): nothing is sent there. */
const SEE_OTHER = 303
/** What is cleaned up is cleaned up soon, or not at all. */
const CLEAN_MS = 10_000

/** A file of ours on its way to another server. */
export interface PushTask extends Task {
  entry: Entry
  upload: Uploader
}

/**
 * The bytes go from here. What is there half when it fails is removed, if there was nothing before; anything
 * else at the other server is left alone. Throws what `failureText` has words for.
 */
export async function push(task: PushTask): Promise<void> {
  const before = await task.facts
  if (!task.order.overwrite && before.status === 200) {
    throw new CopyFailure('The destination exists and Overwrite is F')
  }
  const sent = { isBegun: false }
  try {
    await put(task, sent)
    await compareWithFar(task)
  } catch (error) {
    if (before.status === 404 && sent.isBegun) await removeRemains(task)
    throw error
  }
}

async function put(task: PushTask, sent: { isBegun: boolean }): Promise<void> {
  const { file, order } = task
  let url = file.url
  let secrets = file.headers
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const headers = { ...secrets, ...putHeaders(task) }
    const answer = await putOnce(task, url, headers, sent)
    if (STORED.has(answer.status)) return
    const target = answer.status === SEE_OTHER ? undefined : redirectOf(answer, url)
    if (target === undefined) throw refused(task, answer, sent)
    if (target.origin !== url.origin) secrets = {}
    url = target
  }
  throw new CopyFailure(`${order.url.host} redirects more than ${MAX_REDIRECTS} times`)
}

/** A refusal in so many words means that nothing was stored, whatever was sent; 303 refuses nothing. */
function refused({ file }: PushTask, { status }: UploadAnswer, sent: { isBegun: boolean }): CopyFailure {
  if (status < 500 && status !== SEE_OTHER) sent.isBegun = false
  return remoteStatus(file.url.host, 'PUT', status)
}

function putHeaders({ entry, order }: PushTask): Record<string, string> {
  const { adler32, sha256 } = entry.checksums
  const known = { ...(sha256 === undefined ? {} : { sha256 }), ...(adler32 === undefined ? {} : { adler32 }) }
  const digests = order.requireChecksum === false ? {} : answerWantedDigests(() => 'sha-256, adler32', known)
  return {
    'Content-Type': entry.mediaType,
    'X-OC-Mtime': `${Math.floor(entry.mtimeMs / 1_000)}`,
    ...(order.overwrite ? {} : { 'If-None-Match': '*' }),
    ...(digests.Digest === undefined ? {} : { Digest: digests.Digest }),
  }
}

async function putOnce(
  task: PushTask,
  url: URL,
  headers: Record<string, string>,
  sent: { isBegun: boolean },
): Promise<UploadAnswer> {
  const { entry, signal, upload } = task
  if (entry.sizeBytes > SMALL_BYTES) {
    const open = async () => counted(task, sent)
    return upload({ url: url.href, headers, sizeBytes: entry.sizeBytes, open, signal })
  }
  const pieces: Uint8Array[] = []
  for await (const piece of counted(task, sent)) pieces.push(piece)
  const answer = await task.file.outbound.request({
    ...{ method: 'PUT', url: url.href, headers, signal, body: Buffer.concat(pieces) },
  })
  discard(answer)
  return { ...answer, bodyWasOpened: true }
}

async function* counted(
  { call, entry, progress, onBytes, signal }: PushTask,
  sent: { isBegun: boolean },
): AsyncGenerator<Uint8Array> {
  const content = await call.store.read(call.session.path, undefined, signal)
  const body = Buffer.isBuffer(content.body) ? [content.body] : content.body
  progress.bytes = 0
  sent.isBegun = true
  try {
    if (content.entry.etag !== entry.etag) throw new CopyFailure('The source changed before it was read')
    for await (const chunk of body) {
      progress.bytes += chunk.length
      onBytes(chunk.length)
      yield chunk
    }
  } finally {
    if (!Buffer.isBuffer(content.body)) content.body.destroy()
  }
}

/** With a time of its own: the copy itself may have been called off. */
async function removeRemains({ file, call }: PushTask): Promise<void> {
  const over = new AbortController()
  void call.context.clock.wait(CLEAN_MS, over.signal).then(
    () => over.abort(),
    () => undefined,
  )
  try {
    discard(await removeFar(file, over.signal))
  } catch {
    // What cannot be removed is told in the failure that led here; there is nobody else to tell.
  } finally {
    over.abort()
  }
}

function removeFar({ outbound, url, headers }: FarFile, signal: AbortSignal) {
  return outbound.request({ method: 'DELETE', url: url.href, headers, signal })
}
