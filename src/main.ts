import { processEnvironment } from './config/env.ts'
import { type LoadedConfig, loadConfig } from './config/load.ts'
import type { Listener } from './http/listener.ts'
import { serveWithWorkers } from './main-primary.ts'
import { type CausewayNode, createNode } from './node.ts'
import { readKeys } from './node-keys.ts'
import { listenMain, listenOps } from './node-listeners.ts'

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
  /** Resolves when the node has stopped; rejects when its workers cannot be kept running. */
  stopped: Promise<void>
  /** Takes no new requests, lets running ones end, hands running copies back, closes everything. */
  stop(): Promise<void>
}

/**
 * Runs the node of a folder: in this process, or in as many workers as are configured, with this process
 * over them. Throws `ConfigError` for what the operator has to mend.
 */
export async function serve(folder: string, options: ServeOptions = {}): Promise<RunningNode> {
  const loaded = loadConfig(folder, processEnvironment())
  const { workers, host, port } = loaded.config.server
  const where = { host: options.host ?? host, port: options.port ?? port }
  const running = workers > 1 ? serveWithWorkers(loaded, where) : serveHere(loaded, where)
  const node = await running
  options.onListening?.(node.url)
  return node
}

async function serveHere(loaded: LoadedConfig, where: { host: string; port: number }): Promise<RunningNode> {
  const node = await createNode(loaded, await readKeys(loaded.folder))
  const listeners: Listener[] = []
  try {
    const main = await listenMain(node, where)
    listeners.push(main)
    const opsListener = await listenOps(node.opsApp.callback(), node.config.ops, main.port)
    listeners.push(opsListener)
    await node.start()
    return running(node, listeners, main.url, opsListener.url)
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()))
    await node.close()
    throw error
  }
}

function running(node: CausewayNode, listeners: Listener[], url: string, opsUrl: string): RunningNode {
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
