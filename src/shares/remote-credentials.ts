import { findHost } from '../ocm/address.ts'
import { BoundedCache } from '../platform/bounded-cache.ts'
import { ForbiddenError } from '../platform/errors.ts'
import { toRootUrl } from '../store/webdav-client/hrefs.ts'
import { type Credential, type CredentialSource, secretOf, toSecretCredential } from './credential.ts'
import { isUnsupported, toShareError } from './exchange-failures.ts'
import { ReceivedTokens, type ReceivedTokensDeps } from './received-tokens.ts'
import type { AccessForm, ReceivedShare } from './types.ts'

/** In this order, until one is let in (reference: docs/protocols.md "Access"). */
const FORMS: readonly AccessForm[] = ['token', 'bearer', 'basic']
/** A share that nothing opened is not tried with everything again for this long. */
const CLOSED_MS = 30_000
const MAX_SHARES = 10_000
/** What was let in so lately will be let in again. */
const PROVEN_MS = 60_000
/** That a server is up is told no more often. */
const TELL_EVERY_MS = 10_000

export interface RemoteCredentialsDeps extends ReceivedTokensDeps {
  /** Whether the operator has denied a host. */
  isDenied(host: string): Promise<boolean>
  /** A server has let us in: it is up. */
  heardFrom(host: string): void
  /** Remembers what opened a share. */
  save(shareId: string, access: AccessForm): Promise<void>
}

interface Known {
  form?: AccessForm
  closedUntilMs?: number
  workedAtMs?: number
}

/**
 * What opens the shares of other servers, for all who read and write there: a token for the secret (OCM 1.4
 * "Code Flow"), the secret as Bearer, or as the user name of Basic (OCM 1.0). Tokens are kept in memory.
 */
export class RemoteCredentials {
  private readonly deps: RemoteCredentialsDeps
  private readonly known = new BoundedCache<Known>(MAX_SHARES)
  private readonly heardAtMs = new BoundedCache<number>(MAX_SHARES)
  private readonly tokens: ReceivedTokens

  constructor(deps: RemoteCredentialsDeps) {
    this.deps = deps
    this.tokens = new ReceivedTokens(deps, MAX_SHARES)
  }

  of(share: ReceivedShare): CredentialSource {
    return {
      get: async () => {
        await this.refuseDenied(share)
        return await this.get(share)
      },
      next: (refused) => this.next(share, refused),
      worked: (credential) => this.worked(share, credential),
      isProven: () => this.isProven(share),
    }
  }

  /** Neither its sender nor where its files are. */
  private async refuseDenied({ peerHost, webdavUri = '' }: ReceivedShare): Promise<void> {
    for (const host of new Set([peerHost, findHost(toRootUrl(webdavUri) ?? '') ?? peerHost])) {
      if (!(await this.deps.isDenied(host))) continue
      const message = `This node does not talk to ${host} any more: an administrator has denied it.`
      throw new ForbiddenError(message, { code: 'PEER_NOT_TRUSTED' })
    }
  }

  private async get(share: ReceivedShare): Promise<Credential> {
    const form = share.mustExchange ? 'token' : this.formOf(share)
    if (form !== undefined && form !== 'token') return this.withSecret(share, form)
    const token = this.tokens.find(share)
    if (token !== undefined) return token
    try {
      return await this.tokens.exchange(share)
    } catch (error) {
      // Once a token opened it, the secret may not any more (Nextcloud 35).
      if (form === 'token' || !isUnsupported(error)) throw toShareError(share, error)
      return this.withSecret(share, 'bearer')
    }
  }

  private async next(share: ReceivedShare, refused: readonly Credential[]): Promise<Credential | undefined> {
    const last = refused.at(-1)
    const tokens = refused.filter(({ form }) => form === 'token')
    const state = this.stateOf(share)
    if (last?.form === 'token' && tokens.length === 1) return await this.tokens.renew(share, last)
    if (share.mustExchange) return undefined
    const isClosed = (state.closedUntilMs ?? 0) > this.deps.clock.nowMs()
    const rest = FORMS.filter((form) => !refused.some((one) => one.form === form))
    for (const form of isClosed ? [] : rest) {
      if (form !== 'token') return this.withSecret(share, form)
      const token = await this.tokens.exchangeIfAny(share)
      if (token !== undefined) return token
    }
    this.put(share, { closedUntilMs: this.deps.clock.nowMs() + CLOSED_MS })
    return undefined
  }

  private async worked(share: ReceivedShare, { form }: Credential): Promise<void> {
    this.tellHeard(share.peerHost)
    const before = this.formOf(share)
    const workedAtMs = this.deps.clock.nowMs()
    this.put(
      share,
      this.stateOf(share).form === form ? { workedAtMs } : { form, closedUntilMs: 0, workedAtMs },
    )
    if (before !== form) await this.deps.save(share.id, form)
  }

  private isProven(share: ReceivedShare): boolean {
    const { workedAtMs = Number.NEGATIVE_INFINITY } = this.stateOf(share)
    return this.formOf(share) !== undefined && this.deps.clock.nowMs() - workedAtMs < PROVEN_MS
  }

  private tellHeard(host: string): void {
    const nowMs = this.deps.clock.nowMs()
    if (nowMs - (this.heardAtMs.find(host) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return
    this.heardAtMs.set(host, nowMs)
    this.deps.heardFrom(host)
  }

  private withSecret(share: ReceivedShare, form: Exclude<AccessForm, 'token'>): Credential {
    return toSecretCredential(secretOf(this.deps.seal, share), form)
  }

  private formOf(share: ReceivedShare): AccessForm | undefined {
    return this.stateOf(share).form ?? share.access
  }

  private stateOf(share: ReceivedShare): Known {
    return this.known.find(share.id) ?? {}
  }

  private put(share: ReceivedShare, change: Known): void {
    this.known.set(share.id, { ...this.stateOf(share), ...change })
  }
}
