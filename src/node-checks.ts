import { execFile } from 'node:child_process'
import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { migrationStatus } from '../migrations/index.ts'
import type { Config } from './config/schema.ts'
import { openTransport } from './node-notify.ts'
import type { Finding } from './ocm/index.ts'
import { systemClock } from './platform/clock.ts'
import type { Db } from './platform/db.ts'
import { messageOf } from './platform/errors.ts'

const LOW_SPACE_BYTES = 1024 ** 3
const run = promisify(execFile)

/** What one look found; a bare text is good news. Throws when it could not look. */
export type Look = () => Promise<Finding | string>

/** Never throws: a look that failed is a finding. */
export async function finding(check: string, look: Look): Promise<Finding> {
  try {
    const result = await look()
    return typeof result === 'string' ? { check, level: 'ok', message: result } : result
  } catch (error) {
    return { check, level: 'fail', message: messageOf(error) }
  }
}

/** What a node needs, as its configuration says. */
export function nodeChecks(config: Config, db: Db): [string, Look][] {
  return [
    ['database', () => checkDatabase(config, db)],
    ['storage', () => checkStorage(config)],
    ['public URL', () => checkPublicUrl(config)],
    ['rclone', () => checkRclone(config)],
    ['mail', () => checkMail(config)],
  ]
}

async function checkDatabase(config: Config, db: Db): Promise<Finding | string> {
  const { pending } = await migrationStatus(db)
  if (pending.length === 0) return `${config.database.client}, schema up to date`
  const message = `${pending.length} step(s) of the schema are pending`
  return { check: 'database', level: 'warn', message, remedy: 'They are made at the next start of the node.' }
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

/** Who asks waits for it. */
const MAIL_PATIENCE_MS = 5_000

async function checkMail(config: Config): Promise<Finding | string> {
  const transport = openTransport({ config, clock: systemClock }, MAIL_PATIENCE_MS)
  if (transport === undefined) return 'no mail server is configured; no mail is sent'
  const { host, port } = config.mail
  try {
    await transport.check()
    return `${host}:${port} answers`
  } catch (error) {
    const message = `${host}:${port} takes no mail: ${messageOf(error)}`
    const remedy = 'Compare mail.host, mail.port, mail.secure, mail.user and its password with what it wants.'
    return { check: 'mail', level: 'fail', message, remedy }
  } finally {
    transport.close()
  }
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
