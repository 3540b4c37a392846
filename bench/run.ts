import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DisposalStack } from '../src/platform/disposal.ts'
import type { Options } from './arguments.ts'
import { describeMachine } from './machine.ts'
import { causeway } from './peers/causeway.ts'
import type { Report } from './report.ts'
import { runCase } from './runner.ts'
import type { Case, Peer, Role, RunningPeer } from './types.ts'

type Say = (text: string) => void

/** Runs the chosen cases one after the other, each server with its data in a folder of its own. */
export async function runBench(options: Options, servers: DisposalStack, say: Say): Promise<Report> {
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), 'causeway-bench-'))
  servers.defer(() => rm(folder, { recursive: true, force: true }))
  // Servers that run as a user of their own must get through to their folders.
  await chmod(folder, 0o755)
  const { rounds, waitsForQuiet } = options.sizes
  const machine = await describeMachine(folder)
  const versions = { causeway: await causeway.version() }
  const report: Report = { machine, versions, missing: {}, skipped: {}, rounds, waitsForQuiet, rows: [] }
  const bench = new Run(options, { folder, servers, report, say })
  for (const one of options.cases) await bench.run(one)
  return report
}

interface Surroundings {
  folder: string
  servers: DisposalStack
  report: Report
  say: Say
}

class Run {
  private readonly options: Options
  private readonly around: Surroundings
  private readonly running = new Map<Role, RunningPeer[]>()

  constructor(options: Options, around: Surroundings) {
    this.options = options
    this.around = around
  }

  /** A case that cannot be run here is named in the report, whatever the reason; the others go on. */
  async run(one: Case): Promise<void> {
    const { servers, report, say } = this.around
    const peers: RunningPeer[] = []
    for (const role of one.compares) peers.push(...(await this.peersOf(role)))
    const stack = new DisposalStack()
    servers.use(stack)
    const folder = join(this.around.folder, one.name)
    await mkdir(folder, { recursive: true })
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    try {
      report.rows.push(await runCase(one, { sizes: this.options.sizes, folder, peers, stack }, say))
    } catch (error) {
      report.skipped[one.name] = describe(error)
      say(`left out: ${one.name}: ${describe(error)}`)
    } finally {
      await stack.close()
    }
  }

  /** Started when a case first needs them. */
  private async peersOf(role: Role): Promise<RunningPeer[]> {
    const known = this.running.get(role)
    if (known !== undefined) return known
    const started: RunningPeer[] = []
    for (const peer of this.options.peers.filter((one) => one.role === role)) {
      const running = await this.start(peer)
      if (running !== undefined) started.push(running)
    }
    this.running.set(role, started)
    return started
  }

  /** Names it in the report when it is not here or does not start. */
  private async start(peer: Peer): Promise<RunningPeer | undefined> {
    const { folder, servers, report, say } = this.around
    try {
      report.versions[peer.name] = await peer.version()
      const home = join(folder, peer.name)
      await mkdir(home)
      const running = await peer.start(home, servers, this.options.sizes)
      say(`started ${running.label}: ${report.versions[peer.name]}`)
      return running
    } catch (error) {
      report.missing[peer.name] = describe(error)
      say(`left out: ${describe(error)}`)
      return undefined
    }
  }
}

function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}
