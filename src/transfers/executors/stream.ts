import type { Outbound } from '../../platform/outbound.ts'
import type { FetchResult, FetchTask, TransferExecutor } from './executor.ts'
import { PartFile } from './part-file.ts'
import { measured, openSourceBody } from './source-body.ts'

/** The built-in executor: one ranged stream, hashed on the fly, resumed from the bytes that stand. */
export function createStreamExecutor(deps: { outbound: Outbound }): TransferExecutor {
  return {
    name: 'stream',
    fetch: (task) => fetchFile(deps.outbound, task),
    close: async () => undefined,
  }
}

async function fetchFile(outbound: Outbound, task: FetchTask): Promise<FetchResult> {
  const part = await PartFile.open(task.stagedPath, task.resumeFromBytes, task.hashes)
  try {
    if (part.sizeBytes < task.expected.sizeBytes) await pull(outbound, task, part)
    await part.flush()
    return { sizeBytes: part.sizeBytes, checksums: part.checksums() }
  } finally {
    await part.close()
  }
}

async function pull(outbound: Outbound, task: FetchTask, part: PartFile): Promise<void> {
  const body = await openSourceBody(outbound, task, part.sizeBytes)
  try {
    if (body.start !== part.sizeBytes) await part.reset()
    task.onValidator(body.validator)
    for await (const chunk of measured(task, body)) {
      await part.append(chunk)
      task.onProgress(part.sizeBytes)
    }
  } finally {
    body.destroy()
  }
}
