import type { TransferDestination, TransferSource } from './endpoints.ts'
import type { ExecutorChoice, ExecutorName } from './types.ts'

export interface ChoiceFacts {
  /** What the job asks for. */
  wanted: ExecutorChoice
  source: TransferSource
  destination: TransferDestination
  /** The destination takes part files of this node. */
  isStaged: boolean
  /** Executors that could not do it in this attempt. */
  failed: ReadonlySet<ExecutorName>
}

export interface Choice {
  executor: ExecutorName
  /** In words, for the user. */
  why: string
}

/** Who moves the bytes of a file: what the job asks for, else what both ends can do. */
export function chooseExecutor(facts: ChoiceFacts): Choice {
  const { wanted, source, destination, failed } = facts
  if (wanted !== 'auto')
    return { executor: wanted, why: 'the order or the setting transfers.executor asks for it' }
  const storage = source.rclone ?? destination.rclone
  if (storage !== undefined) return { executor: 'rclone', why: `only rclone speaks to ${storage.label}` }
  if (source.remote !== undefined && destination.remote !== undefined && !failed.has('third-party')) {
    const copier = thirdParty(facts)
    if (copier !== undefined)
      return {
        executor: 'third-party',
        why: `${copier} copies by itself (HTTP-TPC), so that no byte comes through here`,
      }
  }
  if (!facts.isStaged)
    return { executor: 'stream', why: 'the destination lies elsewhere: what is read is written at once' }
  return { executor: 'stream', why: 'the destination lies here: it is fetched straight into place' }
}

function thirdParty({ source, destination }: ChoiceFacts): string | undefined {
  if (destination.abilities?.thirdPartyCopy === true) return destination.remote?.label
  return source.abilities?.thirdPartyCopy === true ? source.remote?.label : undefined
}
