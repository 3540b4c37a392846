import type { OcmClient } from '../ocm/ocm-client.ts'
import { GrantRefusedError } from '../ocm/peer-error.ts'
import { BoundedCache, SingleFlight } from '../platform/bounded-cache.ts'
import type { Clock } from '../platform/clock.ts'
import type { Seal } from '../platform/seal.ts'
import { toRootUrl } from '../store/webdav-client/hrefs.ts'
import { type Credential, secretOf } from './credential.ts'
import { isUnsupported, toShareError } from './exchange-failures.ts'
import type { ReceivedShare } from './types.ts'

/** A token is exchanged anew this long before it ends, or at half of its time when that is short. */
const MARGIN_MS = 30_000

export interface ReceivedTokensDeps {
  clock: Clock
  seal: Seal
  ocm: Pick<OcmClient, 'exchangeToken'>
}

/** The tokens that other servers gave for the secrets of their shares (OCM 1.4 "Code Flow"), in memory. */
export class ReceivedTokens {
  private readonly deps: ReceivedTokensDeps
  private readonly known: BoundedCache<{ header: string; renewAtMs: number }>
  private readonly exchanges = new SingleFlight<Credential>()

  constructor(deps: ReceivedTokensDeps, maxShares: number) {
    this.deps = deps
    this.known = new BoundedCache(maxShares)
  }

  /** The one that is still good for a while. */
  find(share: ReceivedShare): Credential | undefined {
    const token = this.known.find(share.id)
    if (token === undefined || token.renewAtMs <= this.deps.clock.nowMs()) return undefined
    return { form: 'token', header: token.header }
  }

  /** Somebody else may have renewed it meanwhile. Undefined when the share has ended; throws when that is not known. */
  async renew(share: ReceivedShare, refused: Credential): Promise<Credential | undefined> {
    const token = this.known.find(share.id)
    if (token !== undefined && token.header !== refused.header) return { form: 'token', header: token.header }
    try {
      return await this.exchange(share)
    } catch (error) {
      if (error instanceof GrantRefusedError) return undefined
      throw toShareError(share, error)
    }
  }

  /** Undefined where its server exchanges none; only then something else is shown. */
  async exchangeIfAny(share: ReceivedShare): Promise<Credential | undefined> {
    try {
      return await this.exchange(share)
    } catch (error) {
      if (!isUnsupported(error)) throw toShareError(share, error)
      return undefined
    }
  }

  /** One at a time for each share: some servers take the last token back when they give the next. */
  exchange(share: ReceivedShare): Promise<Credential> {
    return this.exchanges.run(share.id, async () => {
      const { clock, seal, ocm } = this.deps
      const shownAt = toRootUrl(share.webdavUri ?? '') ?? ''
      const token = await ocm.exchangeToken(share.peerHost, secretOf(seal, share), { shownAt })
      const lifeMs = token.expiresInSeconds * 1_000
      const header = `Bearer ${token.accessToken}`
      const renewAtMs = clock.nowMs() + Math.max(lifeMs - MARGIN_MS, lifeMs / 2)
      this.known.set(share.id, { header, renewAtMs })
      return { form: 'token', header }
    })
  }
}
