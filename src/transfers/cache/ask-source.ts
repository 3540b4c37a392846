import type { Outbound } from '../../platform/outbound.ts'
import type { Checksums, ChecksumType, Entry } from '../../store/types.ts'
import type { TransferSource } from '../endpoints.ts'
import { discard } from '../executors/discard.ts'
import type { ExpectedFile } from '../executors/executor.ts'
import { provenRequest } from '../executors/proven-request.ts'
import type { CacheRow } from './cache-rows.ts'

const FIRST_BYTES = { start: 0, end: 15 }

/** Whether what is cached is what the source has now: by etag, else by a checksum, else by size and time. */
export function isFresh(row: CacheRow, now: Entry): boolean {
  if (now.kind !== 'file' || now.sizeBytes !== row.sizeBytes) return false
  if (row.etag !== null && row.etag !== '' && now.etag !== '') return row.etag === now.etag
  const isSame = compareChecksums(row.checksums, now.checksums)
  if (isSame !== undefined) return isSame
  return row.mtimeMs !== null && row.mtimeMs > 0 && seconds(row.mtimeMs) === seconds(now.mtimeMs)
}

/**
 * True when somebody may read the source and it is certainly the same for them: one URL may show everyone
 * another file, so size and time prove nothing here, only a strong etag or a checksum does.
 */
export function isSameForAll(row: CacheRow, now: Entry): boolean {
  const isSame = compareChecksums(row.checksums, now.checksums)
  if (isSame !== undefined) return isSame
  return row.etag !== null && row.etag !== '' && !row.etag.startsWith('W/') && row.etag === now.etag
}

function compareChecksums(known: Checksums, now: Checksums): boolean | undefined {
  // Adler-32 is easily made to fit.
  const types: ChecksumType[] = ['sha256', 'sha1', 'md5']
  const type = types.find((one) => known[one] !== undefined && now[one] !== undefined)
  return type === undefined ? undefined : known[type] === now[type]
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

/** Reads the first bytes with the credential of the user who wants the file; as ARC does. */
export async function mayRead(
  outbound: Outbound,
  ask: { source: TransferSource; expected: ExpectedFile; signal: AbortSignal },
): Promise<boolean> {
  const { source, signal } = ask
  if (source.remote === undefined) {
    const { body } = await source.store.read(source.path, FIRST_BYTES, signal)
    if (!Buffer.isBuffer(body)) discard(body)
    return true
  }
  const headers = { Range: 'bytes=0-15', 'Accept-Encoding': 'identity' }
  const answer = await provenRequest(outbound, ask, source.remote, headers)
  discard(answer.body)
  // An empty file has no first byte.
  return answer.status === 200 || answer.status === 206 || answer.status === 416
}
