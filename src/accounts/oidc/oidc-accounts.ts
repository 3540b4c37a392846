import type { OidcConfig } from '../../config/sign-in.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Db, inTransaction, isUniqueViolation } from '../../platform/db.ts'
import { ConflictError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { isPasswordHash, NO_PASSWORD } from '../password.ts'
import type { ProviderGroups } from '../provider-groups.ts'
import { type Proof, requireStillProven } from '../still-proven.ts'
import type { User } from '../types.ts'
import { UsersRepo } from '../users-repo.ts'
import { bringUpToDate } from './bring-up-to-date.ts'
import type { OidcPerson } from './claims.ts'
import {
  deleteIdentity,
  findIdentity,
  type Identity,
  insertIdentity,
  listIdentitiesOf,
} from './identities-repo.ts'

export interface OidcAccountsDeps {
  db: Db
  clock: Clock
  config: OidcConfig
  groups: Pick<ProviderGroups, 'synchronise'>
}

/** Whom the people of an identity provider are here. Issuer and subject say who somebody is, no name does. */
export class OidcAccounts {
  private readonly deps: OidcAccountsDeps
  private readonly users: UsersRepo

  constructor(deps: OidcAccountsDeps) {
    this.deps = deps
    this.users = new UsersRepo(deps.db)
  }

  /**
   * The account of somebody whom the provider vouched for, brought up to date; `linkTo`: whose identity this
   * is to become, while they are still signed in. Throws `ForbiddenError`, `ConflictError` and
   * `UnauthenticatedError`, which say what to do.
   */
  async admit(person: OidcPerson, linkTo?: Proof): Promise<User> {
    this.checkGroups(person)
    const known = await findIdentity(this.deps.db, person)
    if (known !== undefined && known.userId !== (linkTo ?? known).userId) throw takenIdentity(this.deps)
    const identity =
      known ?? (linkTo === undefined ? await this.create(person) : await this.link(person, linkTo))
    const user = await bringUpToDate(this.deps, identity.userId, person)
    await this.deps.groups.synchronise(user, person.groups)
    return user
  }

  list(userId: string): Promise<Identity[]> {
    return listIdentitiesOf(this.deps.db, userId)
  }

  /** Throws `NotFoundError`, and `ConflictError` for the only way in that somebody without a password has. */
  async unlink(userId: string, id: string): Promise<void> {
    const [record, identities] = await Promise.all([this.users.findById(userId), this.list(userId)])
    if (!isPasswordHash(record?.passwordHash) && identities.length === 1 && identities[0]?.id === id) {
      throw new ConflictError('This is your only way to sign in; an administrator can give you a password.', {
        code: 'LAST_WAY_IN',
      })
    }
    if (!(await deleteIdentity(this.deps.db, userId, id)))
      throw new NotFoundError('There is no such sign-in.')
  }

  private checkGroups({ groups }: OidcPerson): void {
    const { allowedGroups, label } = this.deps.config
    if (allowedGroups.length === 0 || allowedGroups.some((group) => groups.includes(group))) return
    throw new ForbiddenError(
      `${label} knows you, but none of your groups may sign in here. Ask the operators of this site.`,
      { code: 'GROUP_NOT_ALLOWED' },
    )
  }

  private async create(person: OidcPerson): Promise<Identity> {
    const { config, db, clock } = this.deps
    if (!config.createUsers) {
      throw new ForbiddenError(
        `There is no account here that belongs to your account at ${config.label}. If you have one with a password, sign in with that and connect both in your settings; else ask the operators of this site.`,
        { code: 'NO_ACCOUNT' },
      )
    }
    const { name } = person
    if (name === undefined) {
      throw new ForbiddenError(
        `${config.label} gives no name that can be one here (1 to 64 of a-z, 0-9, dot, dash, underscore). Ask the operators of this site for an account.`,
        { code: 'NAME_NOT_USABLE' },
      )
    }
    const nowMs = clock.nowMs()
    const user: User = {
      ...{ id: newId(), name, isAdmin: false, createdAtMs: nowMs },
      ...{ displayName: person.displayName ?? name, email: person.email ?? '' },
    }
    const identity = identityOf(person, user.id, nowMs)
    if ((await this.users.findByName(name)) !== undefined) throw takenName(config, name)
    try {
      await inTransaction(db, async (tx) => {
        await new UsersRepo(tx).insert({ user, passwordHash: NO_PASSWORD })
        await insertIdentity(tx, identity)
      })
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      // Another tab was faster, or somebody took the name.
      const other = await findIdentity(db, person)
      if (other === undefined) throw takenName(config, name)
      return other
    }
    return identity
  }

  private async link(person: OidcPerson, proof: Proof): Promise<Identity> {
    const identity = identityOf(person, proof.userId, this.deps.clock.nowMs())
    try {
      await inTransaction(this.deps.db, async (tx) => {
        // The provider was asked since: who signs out everywhere, or changes the password, meant this one, too.
        await requireStillProven(tx, proof)
        await insertIdentity(tx, identity)
      })
    } catch (error) {
      if (isUniqueViolation(error)) throw takenIdentity(this.deps)
      throw error
    }
    return identity
  }
}

function identityOf(person: OidcPerson, userId: string, nowMs: number): Identity {
  const { issuer, subject } = person
  const label = person.name ?? person.email ?? subject
  return {
    ...{ id: newId(), issuer, subject, userId, label, madeAdmin: false },
    ...{ createdAtMs: nowMs, lastUsedAtMs: nowMs },
  }
}

/** Whoever chooses their name at the provider must not become somebody else here by it. */
function takenName({ label }: OidcConfig, name: string): ConflictError {
  return new ConflictError(
    `There is an account named ${name} here already, which does not belong to your account at ${label}. If it is yours, sign in with its password and connect both in your settings; else ask the operators of this site.`,
    { code: 'NAME_TAKEN' },
  )
}

function takenIdentity({ config }: OidcAccountsDeps): ConflictError {
  return new ConflictError(`Your account at ${config.label} belongs to another account here.`, {
    code: 'IDENTITY_TAKEN',
  })
}
