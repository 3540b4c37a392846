import { findHost } from '../ocm/address.ts'
import { BoundedCache, SingleFlight } from '../ocm/bounded-cache.ts'
import { GrantRefusedError, PeerError } from '../ocm/peer-error.ts'
import type { OcmClient } from '../ocm/types.ts'
import type { Clock } from '../platform/clock.ts'
import { ForbiddenError } from '../platform/errors.ts'
import type { Seal } from '../platform/seal.ts'
import { toRootUrl } from '../store/webdav-client/hrefs.ts'
import { toPeerAppError } from './peer-failures.ts'
import { shareGone } from './remote-errors.ts'
import type { AccessForm, ReceivedShare } from './types.ts'

/** In this order, until one is let in (reference: docs/protocols.md "Access"). */
const FORMS: readonly AccessForm[] = ['token', 'bearer', 'basic']
/** A token is exchanged anew this long before it ends, or at half of its time when that is short. */
const MARGIN_MS = 30_000
/** A share that nothing opened is not tried with everything again for this long. */
const CLOSED_MS = 30_000
const MAX_SHARES = 10_000
/** What was let in so lately will be let in again. */
const PROVEN_MS = 60_000
/** That a server is up is told no more often. */
const TELL_EVERY_MS = 10_000

/** What a request shows to be let in. */
export interface Credential {
  form: AccessForm
  /** The `Authorization` header. */
  header: string
}

/** What opens one share; every request asks anew. */
export interface CredentialSource {
  /** Throws when there is none: the share has ended, or its server gives no token now. */
  get(): Promise<Credential>
  /** After an answer 401: what else may open the share; undefined when nothing does. */
  next(refused: readonly Credential[]): Promise<Credential | undefined>
  /** It was let in. */
  worked(credential: Credential): Promise<void>
  /** False when nothing has opened the share lately: then nothing should be sent that cannot be sent again. */
  isProven(): boolean
}

export interface RemoteCredentialsDeps {
  clock: Clock
  seal: Seal
  ocm: Pick<OcmClient, 'exchangeToken'>
  /** Whether the operator has denied a host. */
  isDenied(host: string): Promise<boolean>
  /** A server has let us in: it is up. */
  heardFrom(host: string): void
  /** Remembers what opened a share. */
  save(shareId: string, access: AccessForm): Promise<void>
}

interface Known {
  form?: AccessForm
  token?: { header: string; renewAtMs: number }
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
  private readonly exchanges = new SingleFlight<Credential>()

  constructor(deps: RemoteCredentialsDeps) {
    this.deps = deps
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
    const { token } = this.stateOf(share)
    if (token !== undefined && token.renewAtMs > this.deps.clock.nowMs())
      return { form: 'token', header: token.header }
    try {
      return await this.exchange(share)
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
    if (last?.form === 'token' && tokens.length === 1) return await this.renew(share, last)
    if (share.mustExchange) return undefined
    const isClosed = (state.closedUntilMs ?? 0) > this.deps.clock.nowMs()
    const rest = FORMS.filter((form) => !refused.some((one) => one.form === form))
    for (const form of isClosed ? [] : rest) {
      if (form !== 'token') return this.withSecret(share, form)
      const token = await this.exchangeIfAny(share)
      if (token !== undefined) return token
    }
    this.put(share, { closedUntilMs: this.deps.clock.nowMs() + CLOSED_MS })
    return undefined
  }

  /** Somebody else may have renewed it meanwhile. Undefined when the share has ended; throws when that is not known. */
  private async renew(share: ReceivedShare, refused: Credential): Promise<Credential | undefined> {
    const { token } = this.stateOf(share)
    if (token !== undefined && token.header !== refused.header) return { form: 'token', header: token.header }
    try {
      return await this.exchange(share)
    } catch (error) {
      if (error instanceof GrantRefusedError) return undefined
      throw toShareError(share, error)
    }
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

  /** Undefined where its server exchanges none; only then something else is shown. */
  private async exchangeIfAny(share: ReceivedShare): Promise<Credential | undefined> {
    try {
      return await this.exchange(share)
    } catch (error) {
      if (!isUnsupported(error)) throw toShareError(share, error)
      return undefined
    }
  }

  /** One at a time for each share: some servers take the last token back when they give the next. */
  private exchange(share: ReceivedShare): Promise<Credential> {
    return this.exchanges.run(share.id, async () => {
      const { clock, ocm } = this.deps
      const shownAt = toRootUrl(share.webdavUri ?? '') ?? ''
      const token = await ocm.exchangeToken(share.peerHost, this.secretOf(share), { shownAt })
      const lifeMs = token.expiresInSeconds * 1_000
      const header = `Bearer ${token.accessToken}`
      const renewAtMs = clock.nowMs() + Math.max(lifeMs - MARGIN_MS, lifeMs / 2)
      this.put(share, { token: { header, renewAtMs } })
      return { form: 'token', header }
    })
  }

  private withSecret(share: ReceivedShare, form: Exclude<AccessForm, 'token'>): Credential {
    const secret = this.secretOf(share)
    const basic = () => Buffer.from(`${secret}:`, 'utf8').toString('base64')
    return { form, header: form === 'bearer' ? `Bearer ${secret}` : `Basic ${basic()}` }
  }

  private secretOf({ secretSealed, peerHost }: ReceivedShare): string {
    if (secretSealed === undefined) throw shareGone(peerHost)
    return this.deps.seal.open(secretSealed)
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

/** True when no token is exchanged for the secret of a share, there or here. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof PeerError && error.reason === 'unsupported'
}

/** What went wrong with an exchange, as the user of the share is told. */
export function toShareError(share: ReceivedShare, error: unknown): unknown {
  if (error instanceof GrantRefusedError) return shareGone(share.peerHost)
  return error instanceof PeerError ? toPeerAppError(error) : error
}
