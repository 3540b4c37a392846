import type { DisposalStack } from '../src/platform/disposal.ts'

/** Who a benchmark is logged in as, on every server. */
export const USER = 'bench'

/** A WebDAV server that runs, seen from outside. */
export interface RunningPeer {
  /** Stable short name, as `--peers` takes it. */
  name: string
  /** What tables call it. */
  label: string
  /** The folder the benchmark works in, with a slash at its end. */
  baseUrl: string
  /** Headers of every request: the login. */
  headers: Record<string, string>
}

/** A WebDAV server that this machine may have. */
export interface Peer {
  name: string
  label: string
  /** The version it says it has; throws `MissingProgramError` when it is not installed. */
  version(): Promise<string>
  /** Starts it on a free port of loopback with its data in `folder`; what has to be ended goes to `stack`. */
  start(folder: string, stack: DisposalStack): Promise<RunningPeer>
}

/** One of those that a case compares. */
export interface Contestant {
  name: string
  label: string
  /** Does the work once and gives the figure in the unit of the case. Rounds count from 0. */
  measure(round: number): Promise<number>
  /** Removes what the round left; not measured. */
  tidy?(round: number): Promise<void>
}

/** What cases are given. */
export interface Bench {
  sizes: Sizes
  /** Temporary folder of this run. */
  folder: string
  peers: RunningPeer[]
  /** Closed when the case is over. */
  stack: DisposalStack
}

/** One comparison. */
export interface Case {
  name: string
  title(sizes: Sizes): string
  unit: 's' | 'ms' | 'req/s'
  /** Whether it compares the servers; else it starts what it needs itself. */
  usesPeers: boolean
  /** Makes ready what it needs; the first contestant is the one the others are compared with. */
  open(bench: Bench): Promise<Contestant[]>
}

/** How much work the cases do. */
export interface Sizes {
  rounds: number
  largeBytes: number
  smallBytes: number
  /** Files that small GETs go round in. */
  smallFiles: number
  connections: number
  loadSeconds: number
  transferFiles: number
  transferFileBytes: number
}

const MIB = 1024 * 1024

export const fullSizes: Sizes = {
  rounds: 5,
  largeBytes: 1024 * MIB,
  smallBytes: 4096,
  smallFiles: 1000,
  connections: 32,
  loadSeconds: 4,
  transferFiles: 1000,
  transferFileBytes: 10 * 1024,
}

/** For `--small`: seconds instead of minutes; shows that everything works, not how fast it is. */
export const quickSizes: Sizes = {
  ...fullSizes,
  rounds: 1,
  largeBytes: 64 * MIB,
  smallFiles: 50,
  loadSeconds: 1,
  transferFiles: 100,
}
