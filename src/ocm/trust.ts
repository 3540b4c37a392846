import type { Config } from '../config/schema.ts'
import type { Clock } from '../platform/clock.ts'
import { normaliseHost } from './address.ts'
import { PeerError } from './peer-error.ts'
import type { TrustedHostsRepo } from './trusted-hosts-repo.ts'

export type TrustPolicy = Config['ocm']['trust']

/** Whom this node talks to. Hosts may be given in any spelling; they are stored in one. */
export interface Trust {
  readonly policy: TrustPolicy
  isTrusted(host: string): Promise<boolean>
  /** Throws `PeerError` (`not-trusted`). */
  requireTrusted(host: string): Promise<void>
  /** `causeway trust add`; returns the host as stored. Throws `BadRequestError` for what is no host. */
  add(host: string): Promise<string>
  /** False when it was not on the list. */
  remove(host: string): Promise<boolean>
  list(): Promise<string[]>
}

/** With `open` anybody is talked to and the list is only kept; with `allowlist` only its hosts are. */
export function createTrust(options: { policy: TrustPolicy; repo: TrustedHostsRepo; clock: Clock }): Trust {
  const { policy, repo, clock } = options
  const isTrusted = async (host: string) => policy === 'open' || repo.has(normaliseHost(host))
  return {
    policy,
    isTrusted,
    async requireTrusted(host) {
      if (await isTrusted(host)) return
      throw new PeerError(
        'not-trusted',
        host,
        `This node does not talk to ${host}: it is not on its allow list.`,
      )
    },
    async add(text) {
      const host = normaliseHost(text)
      await repo.add(host, clock.nowMs())
      return host
    },
    remove: (host) => repo.remove(normaliseHost(host)),
    list: () => repo.list(),
  }
}
