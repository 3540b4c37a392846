import type { AccessScope } from './access-scope.ts'

/** Who is asking, once proven. Rooms decide what they may do; HTTP only finds out who it is. */
export interface Principal {
  userId: string
  userName: string
  isAdmin: boolean
  /** How it was proven; some acts (making app passwords) need the real password. */
  via: 'password' | 'app-password' | 'access-token' | 'session'
  /** Of the password it was proven with: another one has another mark. */
  passwordMark?: string
  /** The app password it was proven with. */
  appPasswordId?: string
  /** The session of a browser, and when its password or its identity provider was asked. */
  session?: { id: string; provenAtMs: number }
  /** Set with a token of limited power: nothing else may be done. */
  scope?: AccessScope
}
