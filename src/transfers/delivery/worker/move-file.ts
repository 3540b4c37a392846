import type { Outbound } from '../../../platform/outbound.ts'
import type { FileStore } from '../../../store/types.ts'
import type { TransferSource } from '../../endpoints.ts'
import { openParallelBody, PIECE_BYTES } from '../../executors/parallel-body.ts'
import { measured, openSourceBody, type SourceBody, type SourceRead } from '../../executors/source-body.ts'
import { BlockSums } from '../block-sums.ts'
import type { DeliveryClient, FinishedReport, Lease } from '../wire.ts'
import { pathHere, type SharedFolder } from './path-map.ts'
import { NotSharedError, openSharedSink, type Sink, UploadSink } from './sink.ts'

/** How far a lease is. */
export interface LeaseProgress {
  bytesDone: number
  validator: string | null
}

export interface MoveDeps {
  client: DeliveryClient
  outbound: Outbound
  session: string
  folders: readonly SharedFolder[]
}

/** Moves the bytes of one lease from its source to the part file; what it returns is what the node is told. */
export async function moveFile(
  deps: MoveDeps,
  lease: Lease,
  progress: LeaseProgress,
  signal: AbortSignal,
): Promise<Omit<FinishedReport, 'session'>> {
  const sink = await openSink(deps, lease, signal)
  try {
    const { sizeBytes } = lease.expected
    const sums = new BlockSums(sizeBytes, sink.sizeBytes)
    if (sink.sizeBytes < sizeBytes) await pull(deps, lease, { sink, sums, progress, signal })
    await sink.flush()
    return { sizeBytes: sink.sizeBytes, checksums: await sink.checksums(), blocks: sums.blocks() }
  } finally {
    await sink.close()
  }
}

interface Flow {
  sink: Sink
  sums: BlockSums
  progress: LeaseProgress
  signal: AbortSignal
}

async function pull(deps: MoveDeps, lease: Lease, { sink, sums, progress, signal }: Flow): Promise<void> {
  const source = sourceOf(deps, lease)
  const read: SourceRead = { source, expected: lease.expected, signal }
  const body = await openBody(deps.outbound, read, { start: sink.sizeBytes, streams: lease.streams })
  try {
    if (body.start !== sink.sizeBytes) {
      await sink.reset()
      sums.reset()
    }
    progress.validator = body.validator
    for await (const chunk of measured(read, body)) {
      sums.update(chunk)
      await sink.append(chunk)
      progress.bytesDone = sink.sizeBytes
    }
  } finally {
    body.destroy()
  }
}

async function openBody(
  outbound: Outbound,
  read: SourceRead,
  { start, streams }: { start: number; streams: number },
): Promise<SourceBody> {
  const isWorth = streams > 1 && read.expected.sizeBytes - start > PIECE_BYTES
  const parallel = isWorth ? await openParallelBody(outbound, read, { start, streams }) : undefined
  return parallel ?? openSourceBody(outbound, read, start)
}

/** The source as this host sees it: an address, a right to read it, and the node to ask what it is now. */
function sourceOf({ client, session }: MoveDeps, { id, source }: Lease): TransferSource {
  let { headers } = source
  const stat = () => client.sourceNow(id, session)
  return {
    // Of a store with an address only `stat` is ever asked.
    store: { stat } as unknown as FileStore,
    path: [],
    remote: {
      label: source.label,
      urlOf: () => source.url,
      credentials: {
        headers: async () => headers,
        async renew() {
          headers = await client.credentials(id, session)
          return true
        },
      },
    },
  }
}

async function openSink(deps: MoveDeps, lease: Lease, signal: AbortSignal): Promise<Sink> {
  const { destination, resumeFromBytes, hashes } = lease
  if ('path' in destination) {
    const path = pathHere(deps.folders, destination.path)
    if (path === undefined)
      throw new NotSharedError(
        `${destination.path} lies in none of the folders that this host shares; check --path.`,
      )
    return openSharedSink(path, resumeFromBytes, hashes)
  }
  const { client, session } = deps
  return new UploadSink({ client, session, leaseId: lease.id, keepBytes: resumeFromBytes, hashes, signal })
}
