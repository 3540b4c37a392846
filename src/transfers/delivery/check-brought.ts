import { ContentHash } from '../../platform/running-hash.ts'
import type { Checksums } from '../../store/types.ts'
import type { FetchResult, FetchTask } from '../executors/executor.ts'
import { TransferError } from '../transfer-error.ts'
import { blockBytesOf, findWrongBlock } from './block-sums.ts'
import type { Delivery } from './deliveries-repo.ts'
import { hashFile } from './hash-file.ts'
import { sizeOnDisk } from './lease-files.ts'
import { faultOf, type PassedOver, passedOver } from './passed-over.ts'

export interface BlockSums {
  blockBytes: number
  first: number
  crcs: number[]
}

/** How closely is looked: the whole file is read again, or blocks chosen by chance. */
export interface CheckDeps {
  verify: 'sample' | 'full'
  random(): number
}

/**
 * What a worker says it brought is compared with what lies here. Throws `TransferError` when it brought
 * other bytes.
 */
export async function checkBrought(
  { verify, random }: CheckDeps,
  task: FetchTask,
  now: Delivery,
  { checksums, blocks }: { checksums: Checksums; blocks: BlockSums },
): Promise<FetchResult | PassedOver> {
  const { sizeBytes } = task.expected
  const size = await sizeOnDisk(task.stagedPath)
  if (size !== sizeBytes)
    return passedOver(now, 'WORKER_WRONG_SIZE', `says it is done, and ${size} bytes lie here`)
  const isKnownWhole = now.mode === 'path' || now.facts.resumeFromBytes === 0
  if (verify === 'full' || !isKnownWhole)
    return {
      sizeBytes,
      checksums: await hashFile(task.stagedPath, new ContentHash(task.hashes), task.signal),
    }
  const wrong = isOfForm(blocks, sizeBytes) ? await findWrongBlock(task.stagedPath, blocks, random) : 0
  if (wrong === undefined && task.hashes.every((type) => checksums[type] !== undefined))
    return { sizeBytes, checksums }
  throw new TransferError({
    ...faultOf(now, 'WORKER_WRONG_BYTES', 'says it brought other bytes than lie here'),
    dropBytes: true,
  })
}

function isOfForm({ blockBytes, first, crcs }: BlockSums, sizeBytes: number): boolean {
  return blockBytes === blockBytesOf(sizeBytes) && first + crcs.length <= Math.ceil(sizeBytes / blockBytes)
}
