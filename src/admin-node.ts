import { processEnvironment } from './config/env.ts'
import { loadConfig } from './config/load.ts'
import { type CausewayNode, createNode } from './node.ts'
import { readKeys } from './node-keys.ts'
import { createLogger } from './platform/log.ts'

/** Builds the node of a folder for one piece of work, without running it; safe while the node runs. */
export async function withNode<T>(folder: string, work: (node: CausewayNode) => Promise<T>): Promise<T> {
  const loaded = loadConfig(folder, processEnvironment())
  const node = await createNode(loaded, await readKeys(loaded.folder), { log: createLogger('warn') })
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}
