import type { RequestListener } from 'node:http'
import type { Config } from './config/schema.ts'
import { type Listener, listen } from './http/listener.ts'
import type { CausewayNode } from './node.ts'
import { hasErrorCode } from './platform/errors.ts'
import { expectContinue } from './webdav/index.ts'

/** Distance of the operations port from the main one when none is configured. */
const OPS_PORT_OFFSET = 1000

/** Opens the port of drive, OCM and API. */
export function listenMain(node: CausewayNode, where: { host: string; port: number }): Promise<Listener> {
  node.app.on('error', (err: unknown) => node.log.debug({ err }, 'connection ended early'))
  const handler = node.app.callback()
  const onExpectContinue = expectContinue(node.mounts, handler)
  return listen(handler, { ...where, tls: node.config.server.tls, onExpectContinue })
}

/** A port that was only derived, not configured, may be taken: then any free one does. */
export async function listenOps(
  handler: RequestListener,
  ops: Config['ops'],
  mainPort: number,
): Promise<Listener> {
  const derived = mainPort + OPS_PORT_OFFSET
  const port = ops.port ?? (derived <= 65_535 ? derived : 0)
  try {
    return await listen(handler, { host: ops.host, port, onExpectContinue: handler })
  } catch (error) {
    if (ops.port !== undefined || !hasErrorCode(error, 'EADDRINUSE')) throw error
    return listen(handler, { host: ops.host, port: 0, onExpectContinue: handler })
  }
}
