import { ProvenCache } from '../../accounts/proven-cache.ts'
import { UnauthenticatedError } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import type { ShareContext } from '../context.ts'
import { findOutgoing } from '../outgoing-repo.ts'
import { isLive } from '../share-states.ts'
import { type Attempts, createAttempts } from './attempts.ts'
import { openVisitCookie, sealVisitCookie } from './link-cookie.ts'
import { findLinkByToken } from './links-repo.ts'
import type { Passwords, PublicLink } from './types.ts'

/** What a visitor shows besides the token of the link. */
export interface VisitorProof {
  /** Of the client; wrong tries of one address are counted together. */
  address: string
  password?: string | undefined
  /** What the page gave for a password that was right. */
  cookie?: string | undefined
}

/** Who may come in by a link. */
export interface LinkDoor {
  /**
   * The link, for who has its token and password. Unknown, withdrawn, over, its owner gone: the same
   * `UnauthenticatedError` (LINK_CLOSED), at the cost of a password when one was sent. Password missing or
   * wrong: the same with LINK_PASSWORD. `TooManyRequestsError` when too much was tried.
   */
  open(token: string, proof: VisitorProof): Promise<PublicLink>
  /** Proof for the page's next requests that the password was right; it ends with a change of that. */
  cookieOf(link: PublicLink): string
}

export const LINK_CLOSED = 'LINK_CLOSED'
export const LINK_PASSWORD = 'LINK_PASSWORD'
/** Our tokens; secrets of federated shares are longer. */
const TOKEN_FORM = /^[A-Za-z0-9]{24}$/
const LIMITS = { perAddress: 20, perLink: 60, minutes: 2 }

/** True for what can be the token of a link. */
export function isLinkToken(text: string): boolean {
  return TOKEN_FORM.test(text)
}

export function createLinkDoor(ctx: ShareContext, passwords: Passwords): LinkDoor {
  const guard = new PasswordGuard(passwords, createAttempts(LIMITS, ctx.clock))
  return {
    async open(token, proof) {
      const link = await findLiveLink(ctx, token)
      if (link === undefined) {
        await guard.refuse(proof)
        throw closed()
      }
      const isProven =
        link.passwordHash === undefined ||
        openVisitCookie(ctx, link, proof.cookie) ||
        (await guard.isRight(link.share.id, link.passwordHash, proof))
      const who = { shareId: link.share.id, client: proof.address }
      if (!isProven) {
        if (proof.password) ctx.log.info(who, 'wrong password of a link')
        throw wrongPassword(proof.password)
      }
      ctx.log.info(who, 'link opened')
      return link
    },
    cookieOf: (link) => sealVisitCookie(ctx, link),
  }
}

/** The link with its share while both live. */
async function findLiveLink(ctx: ShareContext, token: string): Promise<PublicLink | undefined> {
  if (!isLinkToken(token)) return undefined
  const row = await findLinkByToken(ctx.db, sha256Hex(token))
  const share = row && (await findOutgoing(ctx.db, row.shareId))
  if (row === undefined || share === undefined || !isLive(share, ctx.clock.nowMs())) return undefined
  if ((await ctx.users.findUserById(share.ownerUserId)) === undefined) return undefined
  const { tokenSealed, passwordHash, downloads } = row
  return { share, tokenSealed, passwordHash, downloads }
}

/** Passwords of links: few tries, and each of them costs the same, whether there is such a link or not. */
class PasswordGuard {
  private readonly passwords: Passwords
  private readonly attempts: Attempts
  private readonly proven = new ProvenCache()
  private decoy: Promise<string> | undefined

  constructor(passwords: Passwords, attempts: Attempts) {
    this.passwords = passwords
    this.attempts = attempts
  }

  async isRight(linkId: string, hash: string, { address, password }: VisitorProof): Promise<boolean> {
    if (password === undefined || password === '') return false
    if (this.proven.has(password, hash)) return true
    const giveBack = this.attempts.take(address, linkId)
    if (!(await this.passwords.verify(password, hash))) return false
    giveBack()
    this.proven.add(password, hash)
    return true
  }

  /** For a link that is not there. */
  async refuse({ address, password }: VisitorProof): Promise<void> {
    this.attempts.take(address, undefined)
    if (password !== undefined && password !== '')
      await this.passwords.verify(password, await this.decoyHash())
  }

  private decoyHash(): Promise<string> {
    this.decoy ??= this.passwords.hash('no link has this password').catch((error: unknown) => {
      this.decoy = undefined
      throw error
    })
    return this.decoy
  }
}

function closed(): UnauthenticatedError {
  return new UnauthenticatedError('This link does not exist, or it is over. Ask who sent it for a new one.', {
    code: LINK_CLOSED,
  })
}

function wrongPassword(password: string | undefined): UnauthenticatedError {
  const isMissing = password === undefined || password === ''
  return new UnauthenticatedError(
    isMissing ? 'This link needs a password.' : 'The password is wrong. Type it again.',
    { code: LINK_PASSWORD },
  )
}
