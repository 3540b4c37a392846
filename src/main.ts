import type { RequestListener } from 'node:http'
import { processEnvironment } from './config/env.ts'
import { loadConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { type Listener, listen } from './http/listener.ts'
import { createNode } from './node.ts'
import { readKeys } from './node-keys.ts'
import { hasErrorCode } from './platform/errors.ts'
import { expectContinue } from './webdav/index.ts'

/** Distance of the operations port from the main one when none is configured. */
const OPS_PORT_OFFSET = 1000

export interface ServeOptions {
  port?: number
  host?: string
  /** Called with the local URL once requests are taken. */
  onListening?: (url: string) => void
}

/** A node that serves. */
export interface RunningNode {
  url: string
  /** Where `/metrics` is. */
  opsUrl: string
  /** Resolves when the node has stopped. */
  stopped: Promise<void>
  /** Takes no new requests, lets running ones end, hands running copies back, closes everything. */
  stop(): Promise<void>
}

/** Runs the node of a folder in this process. Throws `ConfigError` for what the operator has to mend. */
export async function serve(folder: string, options: ServeOptions = {}): Promise<RunningNode> {
  const loaded = loadConfig(folder, processEnvironment())
  const node = await createNode(loaded, await readKeys(loaded.folder))
  const { server, ops } = node.config
  const host = options.host ?? server.host
  const listeners: Listener[] = []
  try {
    node.app.on('error', (err: unknown) => node.log.debug({ err }, 'connection ended early'))
    const handler = node.app.callback()
    const onExpectContinue = expectContinue(node.mounts, handler)
    const port = options.port ?? server.port
    const main = await listen(handler, { host, port, tls: server.tls, onExpectContinue })
    listeners.push(main)
    const opsListener = await listenOps(node.opsApp.callback(), ops, main.port)
    listeners.push(opsListener)
    await node.start()
    options.onListening?.(main.url)
    return running(node, listeners, main.url, opsListener.url)
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()))
    await node.close()
    throw error
  }
}

/** A port that was only derived, not configured, may be taken: then any free one does. */
async function listenOps(handler: RequestListener, ops: Config['ops'], mainPort: number): Promise<Listener> {
  const derived = mainPort + OPS_PORT_OFFSET
  const port = ops.port ?? (derived <= 65_535 ? derived : 0)
  try {
    return await listen(handler, { host: ops.host, port, onExpectContinue: handler })
  } catch (error) {
    if (ops.port !== undefined || !hasErrorCode(error, 'EADDRINUSE')) throw error
    return listen(handler, { host: ops.host, port: 0, onExpectContinue: handler })
  }
}

type Node = Awaited<ReturnType<typeof createNode>>

function running(node: Node, listeners: Listener[], url: string, opsUrl: string): RunningNode {
  const { promise: stopped, resolve, reject } = Promise.withResolvers<void>()
  let stopping: Promise<void> | undefined
  node.log.info({ url, opsUrl, publicUrl: node.config.publicUrl }, 'listening')
  const stop = async () => {
    node.beginStop()
    await Promise.all(listeners.map((listener) => listener.close(node.config.server.stopGraceSeconds * 1000)))
    await node.close()
    node.log.info('stopped')
  }
  return {
    url,
    opsUrl,
    stopped,
    stop: () => {
      stopping ??= stop().then(resolve, (error) => {
        reject(error)
        throw error
      })
      return stopping
    },
  }
}
