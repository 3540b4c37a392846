import type { AccessScope } from '../platform/access-scope.ts'
import type { Principal } from '../platform/principal.ts'

/** A person with an account on this node. */
export interface User {
  id: string
  /** Login name and the part before the @ of the OCM address. */
  name: string
  displayName: string
  email: string
  isAdmin: boolean
  /** Own limit in bytes; undefined: the limit of the configuration. */
  quotaBytes?: number
  createdAtMs: number
}

/** Somebody as administrators see them. */
export interface ManagedUser extends User {
  /** Since when they cannot sign in. */
  lockedAtMs?: number
}

export interface NewUser {
  name: string
  password: string
  displayName?: string
  email?: string
  isAdmin?: boolean
}

/** A password for one program, so that the real one is typed nowhere; its secret is shown once. */
export interface AppPassword {
  id: string
  userId: string
  label: string
  createdAtMs: number
  lastUsedAtMs?: number
}

/** One that was just made; `password` can be read only now. */
export interface NewAppPassword extends AppPassword {
  password: string
}

/** A token that was just made; it can be read only now. */
export interface IssuedToken {
  token: string
  lifeSeconds: number
}

/** Makes tokens of limited power. */
export interface TokenIssuer {
  /** Throws `ForbiddenError` for an asker who came with such a token. */
  issue(asker: Principal, scope: AccessScope, seconds: number): Promise<IssuedToken>
}

/** What other rooms may ask about people. */
export interface UserDirectory {
  findUserByName(name: string): Promise<User | undefined>
  findUserById(id: string): Promise<User | undefined>
}

/** People of this node who are shared with as one; `name@host` is its OCM address, as a person's is. */
export interface Group {
  id: string
  name: string
  displayName: string
  createdAtMs: number
}

/** What other rooms may ask about groups. */
export interface GroupDirectory {
  findGroupByName(name: string): Promise<Group | undefined>
  /** The groups somebody is in. */
  listGroupsOf(userId: string): Promise<Group[]>
  listMembers(groupId: string): Promise<User[]>
}
