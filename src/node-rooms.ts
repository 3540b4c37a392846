import { mkdir } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { AccessTokens } from './accounts/access-tokens.ts'
import { Accounts } from './accounts/accounts.ts'
import { Authenticator } from './accounts/authenticator.ts'
import { Browsers } from './accounts/browsers.ts'
import { Groups } from './accounts/groups.ts'
import { createIdentify } from './accounts/identify.ts'
import { PageVisitors } from './accounts/page-visitors.ts'
import type { PasswordHasher } from './accounts/password-hasher.ts'
import { createSessionCookie } from './accounts/session-cookie.ts'
import { Sessions } from './accounts/sessions.ts'
import { SignInThrottle } from './accounts/sign-in-throttle.ts'
import type { Config } from './config/schema.ts'
import { clientAddress as addressOfClient } from './http/client-address.ts'
import { checkSameOrigin } from './http/cross-site.ts'
import type { Base } from './node-base.ts'
import { tellDriveChanges } from './node-drive-news.ts'
import type { NodeKeys } from './node-keys.ts'
import type { InvitationMails } from './notify/index.ts'
import { createOcm, type Ocm } from './ocm/index.ts'
import type { DisposalStack } from './platform/disposal.ts'
import { createSeal } from './platform/seal.ts'
import { createShares, type DataCopier, type Shares } from './shares/index.ts'
import { createLockRegistry, createSpaces, type LockRegistry, type Spaces } from './store/index.ts'
import { Uploads } from './store/uploads/uploads.ts'

/** Where people sign in with their identity provider, when there is one. */
export function oidcEntry({ oidc, publicUrl }: Config) {
  if (oidc === undefined) return undefined
  const url = `${new URL(publicUrl).pathname.replace(/\/+$/, '')}/login/oidc`
  return { label: oidc.label, url, signOutUrl: `${url}/sign-out` }
}

/** Accounts, and how people and programs prove who they are. */
export function createPeople({ db, clock, config, events, hasher }: Base) {
  const { publicUrl } = config
  const throttle = new SignInThrottle(clock)
  events.subscribe('signIn', ({ userId, address }) => throttle.remember(userId, address))
  const authenticator = new Authenticator({ db, clock, hasher, throttle })
  const clientAddress = (request: IncomingMessage) => addressOfClient(request, config.server.trustedProxies)
  const sessions = new Sessions({ db, clock, events, config: config.sessions })
  const cookie = createSessionCookie(publicUrl)
  const browsers = new Browsers({ sessions, cookie, maxDays: config.sessions.maxDays, clientAddress })
  const checkOrigin = (request: IncomingMessage) => checkSameOrigin(request, publicUrl)
  const signIn = (name: string, password: string, addressOf?: () => string) =>
    authenticator.signIn(name, password, addressOf)
  return {
    accounts: new Accounts({ db, clock, hasher, throttle, events }),
    passwords: hasher,
    tokens: new AccessTokens({ db, clock, maxSeconds: config.transfers.tpc.maxTokenSeconds }),
    sessions,
    browsers,
    identify: createIdentify({
      ...{ authenticator, sessions, cookie, clientAddress },
      checkSameOrigin: checkOrigin,
    }),
    prove: (authorization: string | undefined, request: IncomingMessage) =>
      authenticator.authenticate(authorization, () => clientAddress(request)),
    signIn,
    visitors: new PageVisitors({
      ...{ browsers, signIn, checkSameOrigin: checkOrigin, siteName: config.name },
      nowMs: () => clock.nowMs(),
      oidc: oidcEntry(config),
    }),
  }
}

/** The spaces of users, what is locked there, and uploads on their way. */
export async function createStorage(base: Base, accounts: Accounts, stack: DisposalStack) {
  const { db, clock, config, events, gates, log } = base
  await mkdir(config.storage.folder, { recursive: true, mode: 0o750 })
  const quotaOf = async (userId: string) =>
    (await accounts.findUserById(userId))?.quotaBytes ?? config.storage.quotaBytes
  const onChanged = tellDriveChanges(base)
  const onFailure = (err: unknown, spaceId: string) =>
    log.error({ err, spaceId }, 'a drive could not be tidied up')
  const options = { db, clock, config: config.storage, quotaOf, gates, onChanged, onFailure }
  const spaces = stack.use(createSpaces(options))
  const uploads = new Uploads({ folder: join(config.storage.folder, '.uploads'), clock, events, gates })
  return { spaces, uploads, locks: createLockRegistry({ db, clock }) }
}

/** OCM and what is shared by it; each needs the other. */
export function createMesh(
  base: Base,
  keys: NodeKeys,
  rooms: {
    accounts: Accounts
    passwords: PasswordHasher
    spaces: Spaces
    locks: LockRegistry
    copier: () => DataCopier
    invitationMails: () => InvitationMails | undefined
  },
  stack: DisposalStack,
): { ocm: Ocm; shares: Shares; groups: Groups } {
  const { accounts, passwords, spaces, locks, copier, invitationMails } = rooms
  const seal = createSeal(keys.nodeKey)
  const { trustedProxies } = base.config.server
  const ocm = createOcm({
    ...{ ...base, seal, keys: keys.signingKeys, inbox: () => shares.inbox },
    registry: base.metrics.registry,
    clientAddress: (request) => addressOfClient(request, trustedProxies),
  })
  const { db, clock } = base
  const groups = new Groups({ db, clock, users: accounts, watcher: () => shares.groupWatcher })
  const people = { users: accounts, groups, passwords }
  const shares: Shares = stack.use(
    createShares({
      ...{ ...base, ...people, seal, spaces, locks, copier, invitationMails },
      ...{ ocm: ocm.client, isDenied: ocm.trust.isDenied },
    }),
  )
  return { ocm, shares, groups }
}
