import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DisposalStack } from '../src/platform/disposal.ts'
import { type Options, readOptions } from './arguments.ts'
import { describeMachine } from './machine.ts'
import { MissingProgramError } from './processes.ts'
import { type Report, toMarkdown } from './report.ts'
import { runCase } from './runner.ts'
import type { Peer, RunningPeer } from './types.ts'

const say = (text: string) => process.stderr.write(`${text}\n`)
const servers = new DisposalStack()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void servers.close().finally(() => process.exit(130)))
}
const options = readOptions(process.argv.slice(2))
if (options !== undefined) {
  try {
    const report = await run(options)
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : toMarkdown(report))
  } finally {
    await servers.close()
  }
}

async function run({ cases, peers, sizes, folder: parent }: Options): Promise<Report> {
  const folder = await mkdtemp(join(parent ?? tmpdir(), 'causeway-bench-'))
  servers.defer(() => rm(folder, { recursive: true, force: true }))
  // Servers that run as a user of their own must get through to their folders.
  await chmod(folder, 0o755)
  const report: Report = {
    machine: await describeMachine(folder),
    versions: {},
    missing: {},
    rounds: sizes.rounds,
    rows: [],
  }
  const running = await startPeers(cases.some((one) => one.usesPeers) ? peers : [], folder, report)
  for (const one of cases) {
    const stack = new DisposalStack()
    servers.use(stack)
    const home = join(folder, one.name)
    await mkdir(home, { recursive: true })
    try {
      report.rows.push(await runCase(one, { sizes, folder: home, peers: running, stack }, say))
    } finally {
      await stack.close()
    }
  }
  return report
}

/** Starts the servers that are here; names those that are not. */
async function startPeers(peers: readonly Peer[], folder: string, report: Report): Promise<RunningPeer[]> {
  const running: RunningPeer[] = []
  for (const peer of peers) {
    try {
      report.versions[peer.name] = await peer.version()
      const home = join(folder, peer.name)
      await mkdir(home)
      running.push(await peer.start(home, servers))
      say(`started ${report.versions[peer.name]}`)
    } catch (error) {
      if (!(error instanceof MissingProgramError)) throw error
      report.missing[peer.name] = error.message
      say(`left out: ${error.message}`)
    }
  }
  return running
}
