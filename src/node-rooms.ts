import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AccessTokens } from './accounts/access-tokens.ts'
import { Accounts } from './accounts/accounts.ts'
import { Authenticator } from './accounts/authenticator.ts'
import { Groups } from './accounts/groups.ts'
import { PasswordHasher } from './accounts/password-hasher.ts'
import { clientAddress } from './http/client-address.ts'
import type { Base } from './node-base.ts'
import type { NodeKeys } from './node-keys.ts'
import { createOcm, type Ocm } from './ocm/index.ts'
import type { DisposalStack } from './platform/disposal.ts'
import { createSeal } from './platform/seal.ts'
import { createShares, type Shares } from './shares/index.ts'
import { createLockRegistry, createSpaces, type LockRegistry, type Spaces } from './store/index.ts'
import { Uploads } from './store/uploads/uploads.ts'

/** Accounts, and how people and programs prove who they are. */
export function createPeople({ db, clock, config }: Base) {
  const hasher = new PasswordHasher()
  const authenticator = new Authenticator({ db, clock, hasher })
  return {
    accounts: new Accounts({ db, clock, hasher }),
    passwords: hasher,
    tokens: new AccessTokens({ db, clock, maxSeconds: config.transfers.tpc.maxTokenSeconds }),
    identify: (authorization: string | undefined) => authenticator.authenticate(authorization),
    signIn: (name: string, password: string) => authenticator.signIn(name, password),
  }
}

/** The spaces of users, what is locked there, and uploads on their way. */
export async function createStorage(
  { db, clock, config, events, gates }: Base,
  accounts: Accounts,
  stack: DisposalStack,
) {
  await mkdir(config.storage.folder, { recursive: true, mode: 0o750 })
  const quotaOf = async (userId: string) =>
    (await accounts.findUserById(userId))?.quotaBytes ?? config.storage.quotaBytes
  const spaces = stack.use(createSpaces({ db, clock, config: config.storage, quotaOf, gates }))
  const uploads = new Uploads({ folder: join(config.storage.folder, '.uploads'), clock, events, gates })
  return { spaces, uploads, locks: createLockRegistry({ db, clock }) }
}

/** OCM and what is shared by it; each needs the other. */
export function createMesh(
  base: Base,
  keys: NodeKeys,
  rooms: { accounts: Accounts; passwords: PasswordHasher; spaces: Spaces; locks: LockRegistry },
  stack: DisposalStack,
): { ocm: Ocm; shares: Shares; groups: Groups } {
  const { accounts, passwords, spaces, locks } = rooms
  const seal = createSeal(keys.nodeKey)
  const { trustedProxies } = base.config.server
  const ocm = createOcm({
    ...{ ...base, seal, keys: keys.signingKeys, inbox: () => shares.inbox },
    clientAddress: (request) => clientAddress(request, trustedProxies),
  })
  const { db, clock } = base
  const groups = new Groups({ db, clock, users: accounts, watcher: () => shares.groupWatcher })
  const people = { users: accounts, groups, passwords }
  const shares: Shares = stack.use(
    createShares({ ...base, ...people, seal, spaces, locks, ocm: ocm.client, isDenied: ocm.trust.isDenied }),
  )
  return { ocm, shares, groups }
}
