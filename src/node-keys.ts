import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from './config/load.ts'
import { generateSigningKey, parseSigningKey, type SigningJwk } from './ocm/index.ts'
import { hasErrorCode } from './platform/errors.ts'

const NODE_KEY_FILE = 'node.key'
const NODE_KEY_BYTES = 32
const SIGNING_KEY_FORM = /^signing-.*\.json$/

/** The secrets of a node that lie beside its database, in `keys/`. */
export interface NodeKeys {
  /** Encrypts the secrets that we must present to others. */
  nodeKey: Buffer
  /** Newest first. The database takes them over at the first start; the files may go after that. */
  signingKeys: readonly SigningJwk[]
}

/** Makes the keys of a new node, readable by its owner only; existing ones are never touched. */
export async function createKeys(folder: string, host: string): Promise<void> {
  const keys = join(folder, 'keys')
  await mkdir(keys, { recursive: true, mode: 0o700 })
  const { privateJwk } = generateSigningKey(host)
  await writeNew(join(keys, 'signing-1.json'), `${JSON.stringify(privateJwk, undefined, 2)}\n`)
  await writeNew(join(keys, NODE_KEY_FILE), `${randomBytes(NODE_KEY_BYTES).toString('base64')}\n`)
}

/** Reads `keys/`. Throws `ConfigError` when something is missing or damaged. */
export async function readKeys(folder: string): Promise<NodeKeys> {
  const keys = join(folder, 'keys')
  try {
    const nodeKey = Buffer.from((await readFile(join(keys, NODE_KEY_FILE), 'utf8')).trim(), 'base64')
    if (nodeKey.length !== NODE_KEY_BYTES) throw new Error(`${NODE_KEY_FILE} is damaged`)
    const files = (await readdir(keys)).filter((name) => SIGNING_KEY_FORM.test(name)).sort()
    const texts = await Promise.all(files.map((name) => readFile(join(keys, name), 'utf8')))
    return { nodeKey, signingKeys: texts.map((text) => parseSigningKey(JSON.parse(text))).reverse() }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`The keys in ${keys} cannot be used: ${cause}. Restore them from the backup.`)
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
  }
}
