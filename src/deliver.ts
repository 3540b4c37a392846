import { migrationStatus, migrations } from '../migrations/index.ts'
import { processEnvironment } from './config/env.ts'
import { ConfigError, loadConfig } from './config/load.ts'
import { createNode } from './node.ts'
import { readKeys } from './node-keys.ts'
import { systemClock } from './platform/clock.ts'
import { openDb } from './platform/db.ts'
import { createLogger, type LogLevel } from './platform/log.ts'
import { createOutbound } from './platform/outbound.ts'
import { createHttpClient, DeliveryWorker, parseSharedFolder, type SharedFolder } from './transfers/index.ts'

const CONNECT_TIMEOUT_MS = 20_000
const IDLE_TIMEOUT_MS = 60_000
const STAY_MS = 3_600_000

export interface DeliverOptions {
  /** Folders shared with the node, as `PATH` or `PATH_AT_THE_NODE=PATH_HERE`. */
  paths: readonly string[]
  /** Files at a time. */
  slots: number
  logLevel?: LogLevel
  /** Told once work is taken, with the name of the worker. */
  onWelcome?: (name: string) => void
}

/** Moves bytes for a node that is reached over HTTPS, until the signal aborts. */
export async function deliverToNode(
  node: { url: string; token: string },
  options: DeliverOptions,
  signal: AbortSignal,
): Promise<void> {
  const client = createHttpClient({ node: node.url, token: node.token })
  const worker = new DeliveryWorker({
    client,
    folders: parseFolders(options.paths),
    slots: options.slots,
    clock: systemClock,
    log: createLogger(options.logLevel ?? 'info'),
    openOutbound: (network) =>
      createOutbound({ ...network, connectTimeoutMs: CONNECT_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS }),
    onWelcome: ({ name }) => options.onWelcome?.(name),
  })
  try {
    await stayAlive(() => worker.run(signal))
  } finally {
    await client.close()
  }
}

/**
 * Moves bytes for the node of a folder whose database (PostgreSQL) and file system this host shares. The
 * node itself decides and publishes; nothing of it but this listens or runs here.
 */
export async function deliverFromDatabase(
  folder: string,
  options: DeliverOptions & { name: string },
  signal: AbortSignal,
): Promise<void> {
  const loaded = loadConfig(folder, processEnvironment())
  const { database, storage, log: logConfig } = loaded.config
  if (database.client !== 'postgres')
    throw new ConfigError(
      'Only PostgreSQL can be shared by several hosts, and the database of this node is a file. Use "causeway deliver --node URL".',
    )
  await checkSchema(loaded.config.database)
  const log = createLogger(options.logLevel ?? logConfig.level)
  const node = await createNode(loaded, await readKeys(loaded.folder), { isMigrated: true, log })
  const paths = options.paths.length > 0 ? options.paths : [storage.folder]
  const { name, slots, onWelcome } = options
  try {
    const worker = {
      ...{ name, slots, folders: parseFolders(paths) },
      onWelcome: (welcome: { name: string }) => onWelcome?.(welcome.name),
    }
    await stayAlive(() => node.transfers.workHere(worker, signal))
  } finally {
    node.beginStop()
    await node.close()
  }
}

/** A worker never changes the schema: the node, which may be of another version, stands on it. */
async function checkSchema(database: Parameters<typeof openDb>[0]): Promise<void> {
  const db = openDb(database)
  try {
    const { done, pending } = await migrationStatus(db)
    const unknown = done.filter((name) => !migrations.some((step) => step.name === name))
    if (unknown.length > 0)
      throw new ConfigError(
        `The database is of a newer version (${unknown.join(', ')}). Install the version of the node on this host.`,
      )
    if (pending.length > 0)
      throw new ConfigError(
        `The database lacks ${pending.length} step(s) of this version. Start the node in this version first.`,
      )
  } finally {
    await db.destroy()
  }
}

function parseFolders(paths: readonly string[]): SharedFolder[] {
  return paths.map((text) => {
    const folder = parseSharedFolder(text)
    if (folder !== undefined) return folder
    throw new ConfigError(`--path ${text} is no absolute path, nor PATH_AT_THE_NODE=PATH_HERE without "..".`)
  })
}

/** Waits of the clock never keep a process alive; this one has to stay while its node is away. */
async function stayAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, STAY_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
