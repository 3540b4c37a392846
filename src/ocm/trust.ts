import type { Config } from '../config/schema.ts'
import type { Clock } from '../platform/clock.ts'
import { normaliseHost } from './address.ts'
import { PeerError } from './peer-error.ts'
import { type TrustRule, trustRules } from './policy.ts'
import type { TrustedHostsRepo, TrustList } from './trusted-hosts-repo.ts'

export type TrustPolicy = Config['ocm']['trust']

/** Why this node talks to a host, or does not. */
export type TrustVerdict = 'trusted' | 'denied' | 'not-listed'

/** Whom this node talks to. Hosts may be given in any spelling; they are stored in one. */
export interface Trust {
  readonly policy: TrustPolicy
  judge(host: string): Promise<TrustVerdict>
  isTrusted(host: string): Promise<boolean>
  /** True for a host on the deny list: it is refused everything, what it was given before too. */
  isDenied(host: string): Promise<boolean>
  /** Throws `PeerError` (`not-trusted`). */
  requireTrusted(host: string): Promise<void>
  /**
   * `causeway trust add` and, for the list `denied`, `trust deny`; takes the host off the other list.
   * Returns it as stored. Throws `BadRequestError` for what is no host.
   */
  add(host: string, list?: TrustList): Promise<string>
  /** False when it was not on the list. */
  remove(host: string, list?: TrustList): Promise<boolean>
  list(list?: TrustList): Promise<string[]>
}

export interface TrustOptions {
  policy: TrustPolicy
  repo: TrustedHostsRepo
  clock: Clock
  /** Whether a directory lists this host; nothing is listed where there is no directory. */
  isListed?: ((host: string) => Promise<boolean>) | undefined
}

/** A denied host is refused under every rule; otherwise one rule of the policy that takes it suffices. */
export function createTrust({ policy, repo, clock, isListed }: TrustOptions): Trust {
  const takes: Record<TrustRule, (host: string) => Promise<boolean>> = {
    open: async () => true,
    denylist: async () => true,
    allowlist: (host) => repo.hasAny('allowed', [host]),
    directory: async (host) => (await isListed?.(host)) ?? false,
  }
  const isDenied = (host: string) => repo.hasAny('denied', [host, ...domainsOf(host)])
  const judge = async (text: string): Promise<TrustVerdict> => {
    const host = normaliseHost(text)
    if (await isDenied(host)) return 'denied'
    for (const rule of trustRules(policy)) if (await takes[rule](host)) return 'trusted'
    return 'not-listed'
  }
  return {
    policy,
    judge,
    isTrusted: async (host) => (await judge(host)) === 'trusted',
    isDenied: async (host) => isDenied(normaliseHost(host)),
    async requireTrusted(host) {
      const verdict = await judge(host)
      if (verdict !== 'trusted') throw refusal(host, verdict, policy)
    },
    async add(text, list = 'allowed') {
      const host = normaliseHost(text)
      await repo.add(list, host, clock.nowMs())
      return host
    },
    remove: (host, list = 'allowed') => repo.remove(list, normaliseHost(host)),
    list: (list = 'allowed') => repo.list(list),
  }
}

/** Another port of a denied server is the same server, and who has a domain has all names below it. */
function domainsOf(host: string): string[] {
  const name = host.replace(/:\d+$/, '')
  if (name.startsWith('[') || /^[\d.]+$/.test(name)) return [name]
  const labels = name.split('.')
  return labels.map((_, index) => labels.slice(index).join('.'))
}

function refusal(host: string, verdict: 'denied' | 'not-listed', policy: TrustPolicy): PeerError {
  if (verdict === 'denied') {
    const remedy = 'An administrator can take it off with `causeway trust add` or `causeway trust undeny`.'
    const message = `This node does not talk to ${host}: it is on its deny list.`
    return new PeerError('not-trusted', host, message, { remedy })
  }
  const where = trustRules(policy).includes('directory') ? 'neither in a directory nor' : 'not'
  return new PeerError(
    'not-trusted',
    host,
    `This node does not talk to ${host}: it is ${where} on its allow list.`,
  )
}
