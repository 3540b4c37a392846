import type { TransferDestination, TransferSource } from './endpoints.ts'
import type { Suitability } from './executors/executor.ts'
import type { ExecutorChoice, ExecutorName } from './types.ts'

export interface ChoiceFacts {
  /** What the job asks for. */
  wanted: ExecutorChoice
  source: TransferSource
  destination: TransferDestination
  /** The destination takes part files of this node. */
  isStaged: boolean
  /** What is known of whether the two ends copy between them; undefined: nobody here can order it. */
  thirdParty?: Suitability | undefined
  /** An earlier attempt ordered it of other servers, and may have left something there to tidy up. */
  wasOrdered?: boolean
  /** The job has a limit of bandwidth, which only this node and its programs keep. */
  isLimited?: boolean
  /** Executors that could not do it in this attempt, and why. */
  failed: ReadonlyMap<ExecutorName, string>
}

export interface Choice {
  executor: ExecutorName
  /** In words, for the user. */
  why: string
}

/** Who moves the bytes of a file: what the job asks for, else what both ends can do. */
export function chooseExecutor(facts: ChoiceFacts): Choice {
  const { wanted, source, destination, thirdParty, failed } = facts
  if (wanted !== 'auto')
    return { executor: wanted, why: 'the order or the setting transfers.executor asks for it' }
  const storage = source.rclone ?? destination.rclone
  if (storage !== undefined) return { executor: 'rclone', why: `only rclone speaks to ${storage.label}` }
  const isThirdParty = (thirdParty?.suits === true && facts.isLimited !== true) || facts.wasOrdered === true
  if (isThirdParty && thirdParty !== undefined && !failed.has('third-party'))
    return { executor: 'third-party', why: thirdParty.why ?? 'both ends copy between them' }
  const place = facts.isStaged
    ? 'the destination lies here: it is fetched straight into place'
    : 'the destination lies elsewhere: what is read is written at once'
  return { executor: 'stream', why: [place, whyNot(facts)].filter(Boolean).join('; ') }
}

/** Why the two ends do not copy between them, where that was thought of. */
function whyNot({ thirdParty, failed, isLimited }: ChoiceFacts): string | undefined {
  if (thirdParty?.suits === true && isLimited === true)
    return 'the order limits the bandwidth, which two other servers would not keep'
  return failed.get('third-party') ?? (thirdParty?.suits === false ? thirdParty.why : undefined)
}
