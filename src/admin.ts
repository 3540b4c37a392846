import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { migrationStatus as statusOf } from '../migrations/index.ts'
import { Accounts } from './accounts/accounts.ts'
import { withDatabase } from './admin-database.ts'
import { withNode } from './admin-node.ts'
import { processEnvironment } from './config/env.ts'
import { CONFIG_FILE, ConfigError, checkConfig, loadConfig, redactConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { createKeys } from './node-keys.ts'
import { systemClock } from './platform/clock.ts'
import { openDb } from './platform/db.ts'
import type { IndexDifference, Spaces } from './store/index.ts'

export {
  addGroup,
  joinGroup,
  leaveGroup,
  listGroupMembers,
  listGroups,
  removeGroup,
} from './admin-groups.ts'
export {
  acceptPeerKey,
  activateKey,
  forgetPeer,
  listKeys,
  listPeerKeys,
  listTrust,
  removeTrust,
  retireKey,
  stageKey,
  trustHost,
} from './admin-mesh.ts'
export { diagnose, diagnosePeer, type Finding, inspectPeer, printProviderEntry } from './doctor.ts'

export interface InitOptions {
  publicUrl: string
  /** Name of the first user, an administrator. */
  admin?: string
  /** Generated, and returned once, when left out. */
  password?: string
  displayName?: string
}

/** Makes the folder of a new node: configuration, keys, database, first user. Throws `ConfigError` when it is one already. */
export async function initNode(
  folder: string,
  options: InitOptions,
): Promise<{ adminName: string; password?: string }> {
  const home = resolve(folder)
  const file = join(home, CONFIG_FILE)
  if (existsSync(file)) throw new ConfigError(`${file} exists already; this folder is a node.`)
  const { publicUrl } = checkConfig({ publicUrl: options.publicUrl })
  await mkdir(home, { recursive: true, mode: 0o750 })
  await createKeys(home, new URL(publicUrl).host)
  await writeFile(file, configText(publicUrl), { mode: 0o640, flag: 'wx' })
  const { name, password } = await addUser(home, {
    name: options.admin ?? 'admin',
    admin: true,
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
  })
  return { adminName: name, ...(password === undefined ? {} : { password }) }
}

function configText(publicUrl: string): string {
  return `# The settings of this node; every key and its default is in docs/operations.md.\n${stringify({ publicUrl })}`
}

export interface AddUserOptions {
  name: string
  password?: string
  displayName?: string
  email?: string
  admin?: boolean
}

/** Adds a user; a password that nobody gave is generated and returned this once. */
export async function addUser(
  folder: string,
  options: AddUserOptions,
): Promise<{ name: string; password?: string }> {
  const { admin, password, ...rest } = options
  const chosen = password ?? generatePassword()
  await withDatabase(folder, async ({ db }) => {
    await new Accounts({ db, clock: systemClock }).addUser({
      ...rest,
      password: chosen,
      isAdmin: admin ?? false,
    })
  })
  return { name: options.name, ...(password === undefined ? { password: chosen } : {}) }
}

/** The effective configuration with its secrets taken out. */
export async function showConfig(folder: string): Promise<Config> {
  return redactConfig(loadConfig(folder, processEnvironment()).config)
}

/** Which steps of the schema are in force; changes nothing. */
export async function migrationStatus(folder: string): Promise<{ done: string[]; pending: string[] }> {
  const { config } = loadConfig(folder, processEnvironment())
  const db = openDb(config.database)
  try {
    return await statusOf(db)
  } finally {
    await db.destroy()
  }
}

/** Walks the disk of every drive and brings the index up to date; safe while the node runs. */
export async function rebuildIndex(
  folder: string,
): Promise<{ user: string; files: number; folders: number }[]> {
  return await forEachDrive(folder, async ({ user, spaces, spaceId }) => ({
    user,
    ...(await spaces.rebuildIndex(spaceId)),
  }))
}

/** Where index and disk of each drive disagree; changes neither. `withContent` reads every file. */
export async function checkIndex(
  folder: string,
  options: { withContent: boolean },
): Promise<{ user: string; differences: IndexDifference[] }[]> {
  return await forEachDrive(folder, async ({ user, spaces, spaceId }) => ({
    user,
    differences: await Array.fromAsync(spaces.checkIndex(spaceId, options)),
  }))
}

async function forEachDrive<T>(
  folder: string,
  work: (drive: { user: string; spaces: Spaces; spaceId: string }) => Promise<T>,
): Promise<T[]> {
  return await withNode(folder, async (node) => {
    const reports: T[] = []
    for (const user of await node.accounts.listUsers()) {
      const { scope } = await (await node.spaces.spaceOf(user.id)).locate([])
      reports.push(await work({ user: user.name, spaces: node.spaces, spaceId: scope }))
    }
    return reports
  })
}

/** Twenty characters that are not mistaken for one another: about 100 bits. */
function generatePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  return Array.from({ length: 20 }, () => letters[randomInt(letters.length)]).join('')
}
