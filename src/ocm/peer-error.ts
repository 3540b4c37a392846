/** Why a peer could not be talked to; each has its own sentence and remedy. */
export type PeerFailure =
  | 'no-such-host'
  | 'address-refused' // resolves to a private address that network.allow does not list
  | 'unreachable'
  | 'certificate'
  | 'no-tls'
  | 'no-ocm' // answers, but has no discovery document
  | 'ocm-disabled'
  | 'not-trusted' // by our own policy
  | 'refused' // the peer said 401 or 403
  | 'signature-refused' // the peer said what is wrong with our signature
  | 'recipient-unknown' // the peer said 400 or 404 about shareWith
  | 'unsupported' // 501
  | 'busy' // 503
  | 'bad-answer'

const remedies: Record<PeerFailure, string> = {
  'no-such-host': 'Check the spelling of the server name.',
  'address-refused': 'If it is one of your own servers, add its network to network.allow.',
  unreachable: 'Try again later, or ask its operators whether it is running.',
  certificate: 'Ask its operators for a valid certificate, or name its authority in network.extraCaFile.',
  'no-tls': 'Check the port; on a closed network, network.insecureHttp permits plain http.',
  'no-ocm': 'Check the name; the server must publish /.well-known/ocm.',
  'ocm-disabled': 'Ask its operators to enable Open Cloud Mesh.',
  'not-trusted': 'An administrator can allow it with `causeway trust add`.',
  refused: 'Ask its operators whether they trust this node, and compare the clocks of both.',
  'signature-refused': 'Compare the clocks of both; its operators can look which key of this node they know.',
  'recipient-unknown': 'Check the name of the person.',
  unsupported: 'Share it another way; that server cannot take this kind of message.',
  busy: 'Try again later.',
  'bad-answer': 'Tell its operators; `causeway peer HOST` shows more.',
}

/** What can be done about it, in one sentence. */
export function remedyOf(reason: PeerFailure): string {
  return remedies[reason]
}

export interface PeerErrorOptions {
  /** The HTTP status the peer answered, when it did. */
  status?: number
  retryAfterSeconds?: number
  remedy?: string
  /** The peer did not take the form of the message, and may take another; nothing was stored. */
  refusesShape?: boolean
  /** The peer's own words, cleaned. */
  said?: string
  cause?: unknown
}

/**
 * Why another OCM server could not be talked to. `message` is one sentence with the host and the
 * cause, `remedy` one sentence on what to do; both may be shown to people.
 */
export class PeerError extends Error {
  override name = 'PeerError'
  readonly reason: PeerFailure
  readonly host: string
  readonly remedy: string
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined
  readonly refusesShape: boolean
  readonly said: string

  constructor(reason: PeerFailure, host: string, message: string, options: PeerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = reason
    this.host = host
    this.remedy = options.remedy ?? remedies[reason]
    this.status = options.status
    this.retryAfterSeconds = options.retryAfterSeconds
    this.refusesShape = options.refusesShape ?? false
    this.said = options.said ?? ''
  }

  /** True when the same message may well succeed later. */
  get temporary(): boolean {
    if (this.reason === 'unreachable' || this.reason === 'busy') return true
    return this.reason === 'bad-answer' && this.status !== undefined && this.status >= 500
  }
}

/** The sender of a share does not take its secret in exchange for a token: withdrawn, or not meant for us. */
export class GrantRefusedError extends PeerError {
  override name = 'GrantRefusedError'

  constructor(host: string, message: string, status: number) {
    super('refused', host, message, { status, remedy: 'Ask its owner whether the share still stands.' })
  }
}
