import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DisposalStack } from '../../src/platform/disposal.ts'
import { expectStatus } from '../clients/exchange.ts'
import { findFreePort, runProgram, startServer } from '../processes.ts'
import { type Peer, type RunningPeer, USER } from '../types.ts'
import { basic } from './foreign.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const command = join(root, 'bin/causeway')

/** A node of ours, with what the API is asked with. */
export interface RunningNode extends RunningPeer {
  origin: string
  /** `name:port`, as other nodes of the benchmark reach it. */
  host: string
  logFile: string
}

/** Our node as `causeway init` makes it: every answered upload is on the disk. */
export const causeway = causewayPeer('causeway', 'Causeway', {})

/** Our node with `storage.fsync: never`: the promise that the other servers make. */
export const causewayNoFsync = causewayPeer('causeway-nofsync', 'Causeway, no fsync', {
  CAUSEWAY_STORAGE__FSYNC: 'never',
})

function causewayPeer(name: string, label: string, env: Record<string, string>): Peer {
  return {
    name,
    label,
    version: async () => `Causeway ${packageVersion()}, Node ${process.versions.node}`,
    start: (folder, stack) => startNode(folder, stack, { name, label, env, hostName: '127.0.0.1' }),
  }
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

export interface NodeStart {
  name: string
  label: string
  hostName: string
  env: Record<string, string>
}

/** Makes and starts a node by its own command, and logs in with an app password, as programs do. */
export async function startNode(
  folder: string,
  stack: DisposalStack,
  { name, label, hostName, env }: NodeStart,
): Promise<RunningNode> {
  const port = await findFreePort()
  const host = `${hostName}:${port}`
  const password = randomBytes(12).toString('base64url')
  const node = join(folder, 'node')
  await runProgram(
    command,
    ['init', node, '--public-url', `http://${host}`, '--admin', USER, '--password-stdin'],
    {
      stdin: `${password}\n`,
    },
  )
  const logFile = join(folder, 'output.log')
  const server = await startServer({
    file: command,
    args: ['serve', node, '--port', String(port), '--host', '127.0.0.1'],
    env: { CAUSEWAY_OPS__PORT: String(await findFreePort()), ...env },
    logFile,
    port,
  })
  stack.defer(() => server.stop())
  const origin = `http://127.0.0.1:${port}`
  const appPassword = await createAppPassword(origin, password)
  return {
    name,
    label,
    origin,
    host,
    logFile,
    baseUrl: `${origin}/dav/files/${USER}/`,
    headers: { Authorization: basic(USER, appPassword) },
  }
}

async function createAppPassword(origin: string, password: string): Promise<string> {
  const answer = await expectStatus(
    {
      method: 'POST',
      url: `${origin}/api/v1/me/app-passwords`,
      headers: { Authorization: basic(USER, password), 'Content-Type': 'application/json' },
      body: JSON.stringify({ label: 'bench' }),
    },
    201,
  )
  const found = /"password":\s*"([^"]+)"/.exec(answer.text)?.[1]
  if (found === undefined) throw new Error('the node gave no app password')
  return found
}
