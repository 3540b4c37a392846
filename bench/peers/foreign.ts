import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePort, type RunningProgram, runProgram } from '../processes.ts'
import { type Peer, type RunningPeer, USER } from '../types.ts'

/** What a server that is not ours needs before it starts. */
export interface ForeignPlace {
  /** Settings, logs and temporary files. */
  folder: string
  /** What is served. */
  filesFolder: string
  /** One user with a SHA-1 password: the cheapest check that Apache, nginx and rclone all know. */
  passwordFile: string
  password: string
  logFile: string
  port: number
  baseUrl: string
  headers: Record<string, string>
  /** Set when we are root, which Apache refuses to serve files as. */
  runAs: { user: string; group: string } | undefined
}

/** Makes a folder with user file for a server on a free port. */
export async function prepareForeign(folder: string): Promise<ForeignPlace> {
  const filesFolder = join(folder, 'files')
  const passwordFile = join(folder, 'htpasswd')
  await mkdir(filesFolder, { recursive: true })
  await mkdir(join(folder, 'tmp'))
  const password = randomBytes(12).toString('base64url')
  const hash = createHash('sha1').update(password).digest('base64')
  await writeFile(passwordFile, `${USER}:{SHA}${hash}\n`)
  const port = await findFreePort()
  return {
    folder,
    filesFolder,
    passwordFile,
    password,
    logFile: join(folder, 'output.log'),
    port,
    baseUrl: `http://127.0.0.1:${port}/`,
    headers: { Authorization: basic(USER, password) },
    runAs: await giveAway(folder, filesFolder),
  }
}

/** What the benchmark has to know of a server that is not ours, once it runs. */
export function runningForeign(
  { name, label }: Peer,
  { baseUrl, headers }: ForeignPlace,
  { pid }: RunningProgram,
): RunningPeer {
  return { name, label, baseUrl, headers, pid }
}

/** As root: hands the folders to Debian's user of web servers. */
async function giveAway(...folders: string[]): Promise<ForeignPlace['runAs']> {
  if (process.getuid?.() !== 0) return undefined
  const user = 'www-data'
  const uid = Number(await runProgram('id', ['-u', user]))
  const gid = Number(await runProgram('id', ['-g', user]))
  for (const folder of folders) {
    await chmod(folder, 0o755)
    await chown(folder, uid, gid)
  }
  return { user, group: user }
}

/** The value of an `Authorization` header (RFC 7617). */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
