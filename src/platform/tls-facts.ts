import { isIP } from 'node:net'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'

/** What a server shows when TLS is spoken to it. */
export interface TlsFacts {
  /** `TLSv1.3` */
  protocol: string
  issuer: string
  subject: string
  validUntilMs: number
  /** Why the certificate is not trusted, in the word of OpenSSL; undefined when it is. */
  problem?: string
}

export interface TlsQuestion {
  /** The address to connect to, already checked. */
  address: string
  port: number
  /** The name the certificate must be for. */
  host: string
  ca: readonly string[] | undefined
  timeoutMs: number
}

/** Makes a TLS connection, sends nothing, and tells what was shown, also of a certificate that is not trusted. */
export async function readTlsFacts({ address, port, host, ca, timeoutMs }: TlsQuestion): Promise<TlsFacts> {
  const { promise, resolve, reject } = Promise.withResolvers<TlsFacts>()
  const socket = connect({
    ...{ host: address, port, timeout: timeoutMs, rejectUnauthorized: false },
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca: [...ca] }),
  })
  socket.once('secureConnect', () => resolve(factsOf(socket)))
  socket.once('timeout', () => reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })))
  socket.once('error', reject)
  socket.once('close', () =>
    reject(Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })),
  )
  return promise.finally(() => socket.destroy())
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate()
  const { authorizationError: problem } = socket
  return {
    protocol: socket.getProtocol() ?? '',
    issuer: nameIn(certificate.issuer),
    subject: nameIn(certificate.subject),
    validUntilMs: Date.parse(certificate.valid_to),
    ...(socket.authorized ? {} : { problem: wordOf(problem) }),
  }
}

/** Node gives an error, or the code alone, whatever its types say. */
function wordOf(problem: unknown): string {
  if (typeof problem === 'string') return problem
  return problem instanceof Error && 'code' in problem ? String(problem.code) : 'not trusted'
}

function nameIn(name: PeerCertificate['issuer'] | undefined): string {
  return [name?.O ?? name?.CN ?? ''].flat().join(', ')
}
