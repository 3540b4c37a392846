import { messageOf } from '../platform/errors.ts'
import { CliError } from './exit.ts'

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there; is the node running?',
  ENOTFOUND: 'the name is unknown; check its spelling and the network',
  EAI_AGAIN: 'the name service does not answer; check the network',
  ECONNRESET: 'the connection was cut; try again',
  EPIPE: 'the connection was cut; try again',
  UND_ERR_SOCKET: 'the connection was cut; try again',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was cut; try again',
  ETIMEDOUT: 'no answer in time; check address and firewall',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time; check address and firewall',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time; try again',
  EHOSTUNREACH: 'no route to it; check the network',
  EPROTO: 'it does not speak TLS there; is the address http://, or the port another one?',
  ENETUNREACH: 'no route to it; check the network',
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/

/** Looks for the machine code of Node or undici through the chain of causes. */
function findCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof AggregateError && at.errors.length > 0) return findCode(at.errors[0])
    if ('code' in at && typeof at.code === 'string' && at.code !== 'UND_ERR') return at.code
  }
  return undefined
}

/** What a failed request to `host` is called; an abort and our own errors stay what they are. */
export function toNetworkError(host: string, error: unknown): Error {
  if (error instanceof CliError || (error instanceof Error && error.name === 'AbortError')) return error
  const code = error instanceof Error && error.name === 'TimeoutError' ? 'ETIMEDOUT' : (findCode(error) ?? '')
  if (CERTIFICATE.test(code)) {
    const remedy = 'for a private authority set NODE_EXTRA_CA_CERTS to its PEM file'
    return new CliError(`The certificate of ${host} is not trusted (${code}); ${remedy}.`, {
      code,
      cause: error,
    })
  }
  const reason = REASONS[code.startsWith('ERR_SSL_') ? 'EPROTO' : code] ?? messageOf(error)
  return new CliError(`Cannot reach ${host}: ${reason.replace(/\.$/, '')}.`.replace('?.', '?'), {
    code: 'UNREACHABLE',
    cause: error,
  })
}
