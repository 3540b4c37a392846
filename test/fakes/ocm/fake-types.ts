import type { FakePermission } from './dav-properties.ts'

export interface FakeUser {
  name: string
  /** What goes before the `@` of addresses; the name, unless the server has ids of its own. */
  id: string
  displayName: string
  email: string
}

/** A share that somebody here has given. */
export interface GivenShare {
  id: string
  owner: FakeUser
  diskPath: string
  name: string
  isFolder: boolean
  secret: string
  permissions: FakePermission[]
  shareWith: { id: string; host: string }
  state: 'sent' | 'accepted' | 'declined'
  /** Token exchange: what opens the files once it was used. */
  accessToken?: string
}

/** A share that somebody here was given. */
export interface TakenShare {
  id: string
  user: string
  name: string
  /** As it came. */
  owner: string
  sender: string
  peerHost: string
  providerId: string
  secret: string
  resourceType: string
  state: 'pending' | 'accepted'
  permissions: string[]
  /** Address of the resource, where the share has one. */
  uri?: string | undefined
  mustExchange?: boolean
}

export interface FakeContact {
  id: string
  host: string
  name: string
  email: string
}

export interface FakeInvite {
  token: string
  user: FakeUser
  createdAtMs: number
  acceptedBy?: string
}

export interface FakeCloudOptions {
  /** Names of the people; their addresses are `<id>@<host>`. */
  users: string[]
  /** First part of the host: `<name>.test:<port>`. */
  name?: string
  nowMs?: () => number
}

export interface ShareOptions {
  permissions?: FakePermission[]
  shareType?: 'user' | 'group'
  expiresAtMs?: number
  /** An application opens it, too: as OCM 1.4 has it, the same at another server, or as 1.1 to 1.3. */
  webapp?: 'modern' | 'elsewhere' | 'old'
}
