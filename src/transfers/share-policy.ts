import { HERE, hostsOf } from './links/link-hosts.ts'
import type { TransferJob } from './types.ts'

/** By what transfers are sorted into shares, which divide the slots among them. */
export const sharePolicies = ['none', 'user', 'group', 'institution', 'link', 'label'] as const
export type SharePolicy = (typeof sharePolicies)[number]

const DEFAULT_WEIGHT = 50

/** Weights of shares by name; 50 where none is given. */
export type ShareWeights = Readonly<Record<string, number>>

/** Who ordered a job, as far as shares know people. */
export interface ShareOwner {
  userName: string
  /** Names of the groups somebody is in; in any order. */
  groups: readonly string[]
}

/** The weight of a share among the others. */
export function weightOf(weights: ShareWeights, share: string): number {
  return weights[share] ?? DEFAULT_WEIGHT
}

/** True where the share depends on who ordered the job. */
export function isByPerson(policy: SharePolicy): boolean {
  return policy === 'user' || policy === 'group'
}

export interface ShareRules {
  policy: SharePolicy
  weights: ShareWeights
}

/** The transfer share that a job counts for; ARC's name for the one that stands for all is `_default`. */
export function shareOf(
  { policy, weights }: ShareRules,
  job: Pick<TransferJob, 'link' | 'label'>,
  owner: ShareOwner,
): string {
  if (policy === 'user') return `user:${owner.userName}`
  if (policy === 'group') return groupShare(weights, owner)
  if (policy === 'institution') return `institution:${institutionOf(job.link)}`
  if (policy === 'link') return `link:${job.link}`
  return policy === 'label' ? `label:${job.label}` : '_default'
}

/** Who is in several groups counts for the first by name that the operator gave a weight, else the first. */
function groupShare(weights: ShareWeights, { userName, groups }: ShareOwner): string {
  const shares = [...groups].sort().map((name) => `group:${name}`)
  return shares.find((share) => weights[share] !== undefined) ?? shares[0] ?? `user:${userName}`
}

/** The far host: where the bytes come from, unless they lie here; of a copy within this node, the node. */
function institutionOf(link: string): string {
  return hostsOf(link)[0] ?? HERE
}
