import type { Outbound } from '../../platform/outbound.ts'
import { HashThreads } from '../../store/hashing/hash-threads.ts'
import type { FetchResult, FetchTask, TransferExecutor } from './executor.ts'
import { paced } from './paced.ts'
import { openParallelBody, PIECE_BYTES } from './parallel-body.ts'
import { PartFile } from './part-file.ts'
import { measured, openSourceBody, type SourceBody } from './source-body.ts'

interface StreamDeps {
  outbound: Outbound
  /** Files are on the disk before they are published. */
  isFlushed: boolean
}

/** The built-in executor: one ranged stream, or several for one large file, hashed on the fly, resumed from the bytes that stand. */
export function createStreamExecutor(deps: StreamDeps): TransferExecutor {
  const threads = new HashThreads()
  return {
    name: 'stream',
    fetch: (task) => fetchFile({ ...deps, threads }, task),
    close: () => threads.close(),
  }
}

async function fetchFile(
  { outbound, isFlushed, threads }: StreamDeps & { threads: HashThreads },
  task: FetchTask,
): Promise<FetchResult> {
  const { hashes: types, expected } = task
  const sink = { types, sizeBytes: expected.sizeBytes, threads, isFlushed }
  const part = await PartFile.open(task.stagedPath, task.resumeFromBytes, sink)
  try {
    if (part.sizeBytes < expected.sizeBytes) await pull(outbound, task, part)
    await part.flush()
    return { sizeBytes: part.sizeBytes, checksums: await part.checksums() }
  } finally {
    await part.close()
  }
}

async function pull(outbound: Outbound, task: FetchTask, part: PartFile): Promise<void> {
  const body = await openBody(outbound, task, part.sizeBytes)
  try {
    if (body.start !== part.sizeBytes) await part.reset()
    task.onValidator(body.validator)
    for await (const chunk of paced(measured(task, body), task)) {
      await part.append(chunk)
      task.onProgress(part.sizeBytes)
    }
  } finally {
    body.destroy()
  }
}

/** In parallel where that was asked for, what is left is worth it and the source can; else one stream. */
async function openBody(outbound: Outbound, task: FetchTask, start: number): Promise<SourceBody> {
  const { streams = 1, source, expected } = task
  const isWorth = streams > 1 && source.remote !== undefined && expected.sizeBytes - start > PIECE_BYTES
  const parallel = isWorth ? await openParallelBody(outbound, task, { start, streams }) : undefined
  return parallel ?? openSourceBody(outbound, task, start)
}
