import type { Db } from '../platform/db.ts'
import { BadRequestError } from '../platform/errors.ts'
import type { Entry } from '../store/types.ts'
import { flagReady } from './claim-repo.ts'
import type { SourceRef } from './endpoints.ts'
import { insertFiles, type QueuedFile } from './file-repo.ts'
import { changeJob } from './job-repo.ts'
import { newRequest } from './new-request.ts'
import { lanes, type TransferItem, type TransferJob } from './types.ts'

const MAX_ITEMS = 100_000

/** Refuses lists that are empty, too long, or copy something onto itself. */
export function checkItems(items: readonly TransferItem[] | undefined): void {
  if (items === undefined) return
  if (items.length === 0) throw new BadRequestError('The list of files is empty.', { code: 'NO_ITEMS' })
  if (items.length > MAX_ITEMS)
    throw new BadRequestError(`A list may have ${MAX_ITEMS} files. Order several transfers.`, {
      code: 'TOO_MANY_ITEMS',
    })
  const same = items.findIndex(({ source, destination }) => isSame(source, destination))
  if (same >= 0)
    throw new BadRequestError(`Item ${same}: source and destination are the same.`, {
      code: 'SAME_PLACE',
      fields: [{ field: `items[${same}].destination`, message: 'is the source' }],
    })
}

function isSame(source: SourceRef, destination: TransferItem['destination']): boolean {
  const places = 'replicas' in source ? source.replicas : [source]
  return places.some((place) => JSON.stringify(place) === JSON.stringify(destination))
}

/** One request for each pair of a list; what a source is, is asked when its turn comes. */
export async function addItems(tx: Db, job: TransferJob, items: readonly TransferItem[]): Promise<void> {
  const added = await insertFiles(
    tx,
    items.map((item, index) => requestOf(job, item, index)),
  )
  if (job.notBeforeMs === null) await flagReady(tx, new Map([[job.id, added.lanes]]))
  const delta = { filesTotal: added.count, bytesTotal: added.sizeBytes }
  await changeJob(tx, job.id, { delta, nowMs: job.createdAtMs })
}

function requestOf(job: TransferJob, item: TransferItem, index: number): QueuedFile {
  const { sizeBytes, checksums } = item
  const entry = { sizeBytes: sizeBytes ?? 0, mtimeMs: 0, etag: '', checksums: checksums ?? {} }
  const request = newRequest(job, String(index).padStart(6, '0'), entry as Entry)
  return {
    queueRank: index,
    file: {
      ...request,
      source: item.source,
      destination: item.destination,
      declared: { sizeBytes, checksums },
      ...(job.notBeforeMs === null ? {} : { queue: 'held', nextAtMs: job.notBeforeMs }),
      // What nobody told may be large.
      lane: item.sizeBytes === undefined ? lanes.large : request.lane,
      mtimeMs: null,
      etag: null,
      queried: false,
    },
  }
}
