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

/** What other rooms may ask about people. */
export interface UserDirectory {
  findUserByName(name: string): Promise<User | undefined>
  findUserById(id: string): Promise<User | undefined>
}
