/** A public link of another server. */
export interface LinkPlace {
  /** Address of the server without a slash at its end; it may have a path. */
  base: string
  /** The same as a host. */
  host: string
  token: string
}

/** Who wants to have what a link shows. */
export interface LinkVisitor {
  /** Federated address of our user. */
  shareWith: string
  /** Of the link. */
  password?: string | undefined
}

/** The server of a link does not share what it shows. */
export class LinkRefusedError extends Error {
  override name = 'LinkRefusedError'
  /** `over`: it knows none by that token (any more). `no-link`: it has no such thing as links to be taken. */
  readonly reason: 'over' | 'password' | 'no-link' | 'refused'
  readonly host: string
  /** Its own words, cleaned. */
  readonly said: string

  constructor(reason: LinkRefusedError['reason'], host: string, said = '') {
    super(`${host} did not share what the link shows: ${reason}`)
    this.reason = reason
    this.host = host
    this.said = said
  }
}
