import { execFile } from 'node:child_process'
import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { migrationStatus } from '../migrations/index.ts'
import { processEnvironment } from './config/env.ts'
import { loadConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { type CausewayNode, createNode } from './node.ts'
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

const LOW_SPACE_BYTES = 1024 ** 3
const run = promisify(execFile)

/** Looks at everything a node needs; never throws, a failed check is a finding. */
export async function diagnose(folder: string): Promise<Finding[]> {
  let loaded: ReturnType<typeof loadConfig>
  try {
    loaded = loadConfig(folder, processEnvironment())
  } catch (error) {
    return [{ check: 'configuration', level: 'fail', message: messageOf(error) }]
  }
  const { config } = loaded
  const checks: [string, () => Promise<Finding | string>][] = [
    ['keys', async () => `${(await readKeys(loaded.folder)).signingKeys.length} signing key file(s)`],
    ['database', () => checkDatabase(config)],
    ['storage', () => checkStorage(config)],
    ['public URL', () => checkPublicUrl(config)],
    ['rclone', () => checkRclone(config)],
  ]
  const found: Finding[] = [{ check: 'configuration', level: 'ok', message: 'causeway.yaml is in order' }]
  for (const [check, look] of checks) found.push(await finding(check, look))
  return found
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

async function finding(check: string, look: () => Promise<Finding | string>): Promise<Finding> {
  try {
    const result = await look()
    return typeof result === 'string' ? { check, level: 'ok', message: result } : result
  } catch (error) {
    return { check, level: 'fail', message: messageOf(error) }
  }
}

async function checkDatabase(config: Config): Promise<Finding | string> {
  const db = openDb(config.database)
  try {
    const { pending } = await migrationStatus(db)
    if (pending.length === 0) return `${config.database.client}, schema up to date`
    const message = `${pending.length} step(s) of the schema are pending`
    return {
      check: 'database',
      level: 'warn',
      message,
      remedy: 'They are made at the next start of the node.',
    }
  } finally {
    await db.destroy()
  }
}

async function checkStorage(config: Config): Promise<Finding | string> {
  const { folder } = config.storage
  await mkdir(folder, { recursive: true })
  await access(folder, constants.W_OK)
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  const message = `${(freeBytes / 1e9).toFixed(1)} GB free in ${folder}`
  if (freeBytes > LOW_SPACE_BYTES) return message
  return {
    check: 'storage',
    level: 'warn',
    message,
    remedy: 'Make room, or uploads will be refused with 507.',
  }
}

async function checkPublicUrl(config: Config): Promise<Finding | string> {
  if (config.publicUrl.startsWith('https:')) return config.publicUrl
  const message = `${config.publicUrl} is not https: other sites will refuse it`
  return { check: 'public URL', level: 'warn', message, remedy: 'Put TLS in front, or set server.tls.' }
}

async function checkRclone(config: Config): Promise<Finding | string> {
  try {
    const { stdout } = await run(config.transfers.rcloneProgram, ['version'])
    return stdout.split('\n')[0] ?? 'found'
  } catch {
    const message = 'rclone is not installed; the built-in executor moves the files'
    if (config.transfers.executor !== 'rclone') return message
    return {
      check: 'rclone',
      level: 'fail',
      message,
      remedy: 'Install rclone or set transfers.executor to auto.',
    }
  }
}
