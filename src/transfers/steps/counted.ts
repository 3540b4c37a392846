import type { ContentHash } from '../../platform/running-hash.ts'
import { paced } from '../executors/paced.ts'
import { measured, type SourceBody, type SourceRead } from '../executors/source-body.ts'
import type { Run, StepDeps } from '../run.ts'

/** The bytes of a body at their pace, hashed and counted on the way. */
export async function* counted(
  deps: StepDeps,
  run: Run,
  read: SourceRead,
  tap: { body: SourceBody; hash: ContentHash },
): AsyncGenerator<Uint8Array> {
  const pace = { throttles: deps.throttlesOf(run), signal: run.signal }
  for await (const chunk of paced(measured(read, tap.body), pace)) {
    tap.hash.update(chunk)
    run.bytesMoved = true
    run.file.bytesDone += chunk.length
    deps.onBytes(run, chunk.length)
    yield chunk
  }
}
