import { ContentHash } from '../../platform/running-hash.ts'
import type { Checksums } from '../../store/types.ts'
import type { DtrEvent } from '../dtr-states.ts'
import { hashesFor } from '../executors/hash-choice.ts'
import { openSourceBody, type SourceRead } from '../executors/source-body.ts'
import { destinationOf, type Run, type StepDeps, sourceOf } from '../run.ts'
import { TransferError } from '../transfer-error.ts'
import { counted } from './counted.ts'
import { conditionsOf } from './register.ts'
import { takeBack } from './take-back.ts'
import { verify } from './verify.ts'

/**
 * For a destination whose bytes lie elsewhere (a folder of another node): what is read is written at
 * once. It becomes visible there by the rules of that store, and is removed again when it is wrong.
 */
export async function streamThrough(deps: StepDeps, run: Run): Promise<DtrEvent> {
  const { file, signal } = run
  if (file.executor !== 'stream') throw needsStaging(String(file.executor))
  const read: SourceRead = { source: await sourceOf(run), expected: file, signal }
  const destination = await destinationOf(run)
  const hash = new ContentHash(hashesFor(file.sourceChecksums, file.declared?.checksums))
  const body = await openSourceBody(deps.outbound, read, 0)
  run.location = 'ERROR_DESTINATION'
  file.bytesDone = 0
  try {
    await destination.store.write(destination.path, counted(deps, run, read, { body, hash }), {
      sizeBytes: file.sizeBytes,
      ...(file.mtimeMs === null ? {} : { mtimeMs: file.mtimeMs }),
      ...(run.context.job.verify === 'size' ? {} : { expected: file.sourceChecksums }),
      conditions: conditionsOf(run),
      signal,
    })
  } finally {
    body.destroy()
  }
  await settle(run, read, hash.checksums())
  return 'ok'
}

async function settle(run: Run, read: SourceRead, checksums: Checksums): Promise<void> {
  run.file.checksums = checksums
  run.isPublished = true
  try {
    run.file.verified = await verify(run, read)
  } catch (error) {
    await takeBack(await destinationOf(run), run.file)
    run.isPublished = false
    throw error
  }
}

function needsStaging(executor: string): TransferError {
  return new TransferError({
    code: 'EXECUTOR_NEEDS_STAGING',
    type: 'INTERNAL_LOGIC_ERROR',
    location: 'ERROR_DESTINATION',
    message: `The executor ${executor} writes to disks of this node only, and the destination lies elsewhere. Use the executor stream.`,
    temporary: false,
  })
}
