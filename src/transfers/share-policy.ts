import type { TransferJob } from './types.ts'

/** By what transfers are sorted into shares, which divide the slots among them. */
export const sharePolicies = ['none', 'user', 'link', 'label'] as const
export type SharePolicy = (typeof sharePolicies)[number]

const DEFAULT_WEIGHT = 50

/** The weight of a share among the others. */
export function weightOf(weights: Readonly<Record<string, number>>, share: string): number {
  return weights[share] ?? DEFAULT_WEIGHT
}

/** The transfer share that a job counts for; ARC's name for the one that stands for all is `_default`. */
export function shareOf(policy: SharePolicy, job: Pick<TransferJob, 'userId' | 'link' | 'label'>): string {
  if (policy === 'user') return `user:${job.userId}`
  if (policy === 'link') return `link:${job.link}`
  return policy === 'label' ? `label:${job.label}` : '_default'
}
