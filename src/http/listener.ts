import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface ListenOptions {
  host: string
  port: number
  tls?: { certFile: string; keyFile: string } | undefined
  /** Takes requests with `Expect: 100-continue`; it answers 100 when it knows that it wants the body. */
  onExpectContinue: Handler
}

/** TCP asks silent clients whether they are there: one that lost its network would hold its upload for ever. */
const SOCKETS = { keepAlive: true, keepAliveInitialDelay: 60_000 }

export interface Listener {
  url: string
  port: number
  /** Takes no more connections, waits for running requests up to the grace period, then cuts them. */
  close(graceMs?: number): Promise<void>
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Opens the port; `Expect: 100-continue` is left to its own handler (RFC 9110 10.1.1). */
export async function listen(handler: Handler, options: ListenOptions): Promise<Listener> {
  const server =
    options.tls === undefined
      ? createServer(SOCKETS, handler)
      : createTlsServer({ ...SOCKETS, ...readTls(options.tls) }, handler)
  server.on('checkContinue', options.onExpectContinue)
  leaveIdleConnections(server)
  // Uploads may take hours; only the headers have to come in time.
  server.requestTimeout = 0
  server.headersTimeout = 60_000
  server.keepAliveTimeout = 65_000
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    close: (graceMs = 0) => closeServer(server, graceMs),
  }
}

function readTls(tls: { certFile: string; keyFile: string }): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
}

/** A connection that only became idle after the stop began would be kept until the end of the grace. */
function leaveIdleConnections(server: Server): void {
  const whenAnswered = (_: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections())
    })
  }
  server.on('request', whenAnswered)
  server.on('checkContinue', whenAnswered)
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(cut)
}
