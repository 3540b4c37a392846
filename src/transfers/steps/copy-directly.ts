import type { DtrEvent } from '../dtr-states.ts'
import type { DirectExecutor } from '../executors/executor.ts'
import { destinationOf, type Run, RunAborted, type StepDeps, sourceOf } from '../run.ts'
import { conditionsOf } from './register.ts'
import { takeBack } from './take-back.ts'
import { verify } from './verify.ts'

/** The other servers move the bytes between them; the copy becomes visible there by their rules. */
export async function copyDirectly(deps: StepDeps, run: Run, executor: DirectExecutor): Promise<DtrEvent> {
  const { file, signal } = run
  run.location = 'ERROR_TRANSFER'
  file.bytesDone = 0
  const result = await executor.copy({
    source: await sourceOf(run),
    destination: await destinationOf(run),
    expected: file,
    sourceChecksums: file.sourceChecksums,
    conditions: conditionsOf(run),
    verifyChecksum: run.context.job.verify === 'checksum',
    streams: run.context.job.options.streams,
    throttles: deps.throttlesOf(run),
    id: file.id,
    reference: file.stagedName,
    onReference: async (reference) => {
      file.stagedName = reference
      if (!(await deps.journal.commit(file))) throw new RunAborted('lease-lost')
    },
    onProgress: (bytesDone) => {
      run.bytesMoved ||= bytesDone > 0
      if (bytesDone > file.bytesDone) deps.onBytes(run, bytesDone - file.bytesDone)
      file.bytesDone = bytesDone
    },
    onMoved: () => void run.enter('post'),
    signal,
  })
  file.bytesDone = result.sizeBytes
  file.checksums = result.checksums
  file.executorWhy = result.why ?? file.executorWhy
  file.sourceChecksums = { ...result.sourceChecksums, ...file.sourceChecksums }
  file.stagedName = null
  run.isPublished = true
  try {
    file.verified = await verify(run, { source: await sourceOf(run), expected: file, signal })
  } catch (error) {
    // The source changed while it was copied: what stands there is neither the old nor the new.
    await takeBack(await destinationOf(run), result)
    run.isPublished = false
    throw error
  }
  return 'ok'
}
