import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { createTemplates } from './templates.ts'

const run = promisify(execFile)
const DEBIAN_ROOT = '/usr/lib/postgresql'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

/** Starts one private PostgreSQL for the whole run, on a free port of loopback, and removes it afterwards; with it the templates of databases. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bin = await findBinaries()
  const folder = await mkdtemp(join(tmpdir(), 'causeway-pg-'))
  await chmod(folder, 0o777)
  const data = join(folder, 'data')
  const port = await freePort()
  const user = process.getuid?.() === 0 ? 'nobody' : undefined
  await asUser(user, join(bin, 'initdb'), [
    '-D',
    data,
    '-U',
    'causeway',
    '-A',
    'trust',
    '--no-sync',
    '-E',
    'UTF8',
  ])
  const options = ['-D', data, '-p', `${port}`, '-k', folder, '-h', '127.0.0.1', '-F']
  const command = userCommand(user, join(bin, 'postgres'), options)
  const server = spawn(command.file, command.args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await untilReady(server.stderr)
  const postgresUrl = `postgres://causeway@127.0.0.1:${port}/postgres`
  const templates = await createTemplates(postgresUrl)
  project.provide('postgresUrl', postgresUrl)
  project.provide('sqliteTemplate', templates.sqliteTemplate)
  return async () => {
    await templates.remove()
    server.kill('SIGINT')
    await once(server, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
}

async function findBinaries(): Promise<string> {
  const versions = existsSync(DEBIAN_ROOT) ? await readdir(DEBIAN_ROOT) : []
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_ROOT, version, 'bin'))
    .concat((process.env.PATH ?? '').split(':'))
  const found = folders.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  )
  if (found === undefined)
    throw new Error('PostgreSQL is missing: run `make test-tools`, or apt-get install postgresql')
  return found
}

/** PostgreSQL refuses to run as root, so root hands it to an unprivileged user. */
function userCommand(
  user: string | undefined,
  file: string,
  args: string[],
): { file: string; args: string[] } {
  if (user === undefined) return { file, args }
  return { file: 'setpriv', args: ['--reuid', user, '--regid', 'nogroup', '--clear-groups', file, ...args] }
}

async function asUser(user: string | undefined, file: string, args: string[]): Promise<void> {
  const command = userCommand(user, file, args)
  await run(command.file, command.args, { cwd: tmpdir() })
}

async function untilReady(stderr: AsyncIterable<Buffer>): Promise<void> {
  let text = ''
  for await (const chunk of stderr) {
    text += chunk.toString()
    if (text.includes('ready to accept connections')) return
  }
  throw new Error(`PostgreSQL did not start: ${text}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
