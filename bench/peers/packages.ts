import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MissingProgramError, startServer } from '../processes.ts'
import type { Peer, Role } from '../types.ts'
import { prepareForeign, runningForeign } from './foreign.ts'

const packages = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** The npm package of that name over a folder, with its own listener, users and rights. */
export const webdavServer = packagePeer('webdav-server', 'webdav-server', 'server')

/** What Koa can do at most: a handler that reads a small file and answers. */
export const bareKoa = packagePeer('koa', 'bare koa handler', 'reader')

function packagePeer(name: string, label: string, role: Role): Peer {
  return {
    name,
    label,
    role,
    version: async () => `${name} ${packageVersion(name)}`,
    async start(folder, stack) {
      const place = await prepareForeign(folder)
      const server = await startServer({
        file: process.execPath,
        args: [fileURLToPath(new URL(`../servers/${name}.ts`, import.meta.url))],
        env: {
          BENCH_FOLDER: place.filesFolder,
          BENCH_PORT: String(place.port),
          BENCH_PASSWORD: place.password,
          // As `bin/causeway` does for our node.
          UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '32',
          NODE_ENV: 'production',
        },
        logFile: place.logFile,
        port: place.port,
      })
      stack.defer(() => server.stop())
      return runningForeign(this, place, server)
    },
  }
}

function packageVersion(name: string): string {
  try {
    const text = readFileSync(join(packages, name, 'package.json'), 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    throw new MissingProgramError(`the npm package ${name} is not installed (npm ci)`)
  }
}
