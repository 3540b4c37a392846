import type { CopyReport } from '../../ocm/notification.ts'
import type { Copy, CopyProgress } from './types.ts'

/** What becomes of a copy. */
export type CopyChange = Pick<Copy, 'state'> & Partial<Copy>

/** How a copy ends whose transfer stands there; undefined for one that is gone. */
export function endOf(progress: CopyProgress | undefined): CopyChange {
  if (progress === undefined)
    return { state: 'failed', code: 'JOB_GONE', reason: 'The transfer is not there any more.' }
  const { files, sizeBytes, isVerified, error } = progress
  if (progress.state === 'copied') return { state: 'copied', files, sizeBytes, isVerified }
  return { state: 'failed', files, sizeBytes, code: error?.code ?? 'CANCELED', reason: error?.message ?? '' }
}

/** The end of a copy whose share is over. */
export function withdrawn(): CopyChange {
  return { state: 'failed', code: 'SHARE_GONE', reason: 'The share was withdrawn, or left, during the copy.' }
}

/** Of what went wrong only the word for it: the rest may name what is the recipient's alone. */
export function reportOf({ state, files, sizeBytes, isVerified, code }: CopyChange): CopyReport | undefined {
  if (state !== 'copying' && state !== 'copied' && state !== 'failed') return undefined
  return {
    status: state,
    ...(files === undefined ? {} : { files }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(isVerified === undefined ? {} : { isVerified }),
    ...(state === 'failed' && code !== undefined ? { reason: code } : {}),
  }
}
