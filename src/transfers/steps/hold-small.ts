import { ContentHash } from '../../platform/running-hash.ts'
import { hashesFor } from '../executors/hash-choice.ts'
import { openSourceBody, type SourceRead } from '../executors/source-body.ts'
import { type Run, type StepDeps, sourceOf } from '../run.ts'
import { counted } from './counted.ts'

/** Up to here a file is held in memory: all that travel at the same time are a few MiB. */
const HELD_BYTES = 64 * 1024

/** True for a file that needs no part file: small, fetched by us, and wanted by nobody but the destination. */
export function mayHold({ delivery }: StepDeps, { file }: Run): boolean {
  const isPlain = file.stagedName === null && (file.cacheState === null || file.cacheState === 'CACHE_SKIP')
  return file.sizeBytes <= HELD_BYTES && isPlain && delivery?.takes(file.sizeBytes) !== true
}

/** A small file waits in memory for its publication: a part file would cost more than the bytes. */
export async function holdSmall(deps: StepDeps, run: Run): Promise<void> {
  const { file, signal } = run
  const read: SourceRead = { source: await sourceOf(run), expected: file, signal }
  const hash = new ContentHash(hashesFor(file.sourceChecksums, file.declared?.checksums))
  const held: Uint8Array[] = []
  file.bytesDone = 0
  const body = await openSourceBody(deps.outbound, read, 0)
  try {
    for await (const chunk of counted(deps, run, read, { body, hash })) held.push(chunk)
  } finally {
    body.destroy()
  }
  file.checksums = hash.checksums()
  run.held = held
}
