import { processEnvironment } from './config/env.ts'
import { loadConfig } from './config/load.ts'
import { type CausewayNode, createNode } from './node.ts'
import { finding, type Look, nodeChecks } from './node-checks.ts'
import { readKeys } from './node-keys.ts'
import {
  type Finding,
  type Peer,
  type ProviderEntry,
  peerFindings,
  providerEntry,
  toPeer,
} from './ocm/index.ts'
import { openDb } from './platform/db.ts'
import { messageOf } from './platform/errors.ts'
import { createLogger } from './platform/log.ts'

export type { Finding } from './ocm/index.ts'

/** Looks at everything a node needs; never throws, a failed check is a finding. */
export async function diagnose(folder: string): Promise<Finding[]> {
  let loaded: ReturnType<typeof loadConfig>
  try {
    loaded = loadConfig(folder, processEnvironment())
  } catch (error) {
    return [{ check: 'configuration', level: 'fail', message: messageOf(error) }]
  }
  const { config } = loaded
  const found: Finding[] = [{ check: 'configuration', level: 'ok', message: 'causeway.yaml is in order' }]
  const db = openDb(config.database)
  try {
    const keys: Look = async () => `${(await readKeys(loaded.folder)).signingKeys.length} signing key file(s)`
    for (const [check, look] of [['keys', keys] as const, ...nodeChecks(config, db)])
      found.push(await finding(check, look))
    return found
  } finally {
    await db.destroy()
  }
}

/** Finds out whether this node can talk to a peer, and if not, why and what to do; it is asked now. */
export async function diagnosePeer(folder: string, host: string): Promise<Finding[]> {
  return await withNode(folder, async (node) =>
    peerFindings(await node.ocm.inspector.inspect(host, { check: true })),
  )
}

/** All that the node in this folder knows of a peer. Throws `BadRequestError` for what is no host. */
export async function inspectPeer(folder: string, host: string, options: { check: boolean }): Promise<Peer> {
  return await withNode(folder, async (node) => toPeer(await node.ocm.inspector.inspect(host, options)))
}

/** The entry of the node in this folder for `ocmproviders.json` of oCIS and OpenCloud. */
export function printProviderEntry(folder: string): ProviderEntry[] {
  const { publicUrl, name } = loadConfig(folder, processEnvironment()).config
  return [providerEntry({ publicUrl, name })]
}

async function withNode<T>(folder: string, work: (node: CausewayNode) => Promise<T>): Promise<T> {
  const loaded = loadConfig(folder, processEnvironment())
  const node = await createNode(loaded, await readKeys(loaded.folder), { log: createLogger('silent') })
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}
