/** Somebody who is signed in in a browser. */
export interface Session {
  /** What its user calls it by; opens nothing. */
  id: string
  userId: string
  /** How it began. */
  via: 'password' | 'oidc'
  /** When the password was typed, or they signed in at the identity provider; 0 when it did not say. */
  provenAtMs: number
  createdAtMs: number
  /** To within a few minutes. */
  lastSeenAtMs: number
  expiresAtMs: number
  /** The browser, in a few words. */
  client: string
  address: string
}

/** A session and whose it is. */
export interface SessionUser {
  session: Session
  userName: string
  isAdmin: boolean
}

/** What is known of whoever begins a session. */
export interface SignInFacts {
  userId: string
  via: Session['via']
  /** With a password: that of the one that was typed. */
  passwordMark?: string | undefined
  /** `User-Agent` as it came. */
  userAgent: string
  address: string
  /** The session that this browser had until now; it ends. */
  formerSecret?: string | undefined
  /** When they signed in at the identity provider, in its words; with a password it is now. */
  authenticatedAtMs?: number | undefined
  /** What the identity provider wants to see at the end; kept sealed. */
  providerHint?: string | undefined
}

/** A session that has just begun; its secret goes into the cookie and nowhere else. */
export interface NewSession {
  session: Session
  secret: string
}
