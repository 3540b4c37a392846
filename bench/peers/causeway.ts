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
/** The command of the node, as it stands in this clone. */
export const command = join(root, 'bin/causeway')

/** A node of ours, with what the API is asked with. */
export interface RunningNode extends RunningPeer {
  origin: string
  /** `name:port`, as other nodes of the benchmark reach it. */
  host: string
  /** Where it answers about itself. */
  opsOrigin: string
  logFile: string
  /** Ends its process at once, as a power cut does. */
  kill(): Promise<void>
  /** Starts it again with what it has on the disk; it has another pid then. */
  restart(): Promise<void>
}

/** What a round removes is to be gone before the next one; no DELETE is measured. */
const KEEP_NOTHING = { CAUSEWAY_STORAGE__TRASH_DAYS: '0' }

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
    role: 'server',
    version: async () => `Causeway ${packageVersion()}, Node ${process.versions.node}${describeWorkers()}`,
    start: (folder, stack) => startNode(folder, stack, { name, label, env, hostName: '127.0.0.1' }),
  }
}

/** Only when there are several: one process is what a node is made with. */
function describeWorkers(): string {
  const workers = process.env.CAUSEWAY_SERVER__WORKERS ?? '1'
  return workers === '1' ? '' : `, ${workers} workers`
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

export interface NodeStart {
  name: string
  label: string
  hostName: string
  env: Record<string, string>
  /** Called with the folder of the node before it is started. */
  prepare?(node: string): Promise<void>
}

/** Makes and starts a node by its own command, and logs in with an app password, as programs do. */
export async function startNode(
  folder: string,
  stack: DisposalStack,
  { name, label, hostName, env, prepare }: NodeStart,
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
  await prepare?.(node)
  const opsPort = await findFreePort()
  const logFile = join(folder, 'output.log')
  const serve = () =>
    startServer({
      file: command,
      args: ['serve', node, '--port', String(port), '--host', '127.0.0.1'],
      env: { CAUSEWAY_OPS__PORT: String(opsPort), ...KEEP_NOTHING, ...env },
      logFile,
      port,
    })
  let server = await serve()
  stack.defer(() => server.stop())
  const origin = `http://127.0.0.1:${port}`
  const appPassword = await createAppPassword(origin, password)
  return {
    name,
    label,
    origin,
    host,
    logFile,
    opsOrigin: `http://127.0.0.1:${opsPort}`,
    pid: server.pid,
    baseUrl: `${origin}/dav/files/${USER}/`,
    headers: { Authorization: basic(USER, appPassword) },
    kill: () => server.kill(),
    restart: async () => {
      server = await serve()
    },
  }
}

/** What a client logs in with. */
export function readLogin(node: RunningNode): { user: string; password: string } {
  const login = Buffer.from((node.headers.Authorization ?? '').replace('Basic ', ''), 'base64').toString()
  return { user: USER, password: login.slice(login.indexOf(':') + 1) }
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
