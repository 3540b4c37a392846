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
  /** The first of its processes; the memory of the others is found from it. */
  pid: number
  /** What is worth telling of its start. */
  startNote?: string
}

/**
 * What a peer is good for: `server` speaks WebDAV, `reader` only what small GETs need, `tree` is a node of
 * ours that holds many files.
 */
export type Role = 'server' | 'reader' | 'tree'

/** A server that this machine may have. */
export interface Peer {
  name: string
  label: string
  role: Role
  /** The version it says it has; throws `MissingProgramError` when it is not installed. */
  version(): Promise<string>
  /** Starts it on a free port of loopback with its data in `folder`; what has to be ended goes to `stack`. */
  start(folder: string, stack: DisposalStack, sizes: Sizes): Promise<RunningPeer>
}

/** One of those that a case compares. */
export interface Contestant {
  name: string
  label: string
  /** The first of the processes whose memory is read; none is read without it. */
  pid?: number
  /** Does the work once and gives the figure in the unit of the case. Rounds count from 0. */
  measure(round: number): Promise<number>
  /** Removes what the round left; not measured. */
  tidy?(round: number): Promise<void>
  /** What else was seen, for below the table. */
  remark?(): string | undefined
}

/** What cases are given. */
export interface Bench {
  sizes: Sizes
  /** Temporary folder of this run. */
  folder: string
  /** Those of the roles that the case asks for. */
  peers: RunningPeer[]
  /** Closed when the case is over. */
  stack: DisposalStack
}

/** One comparison. */
export interface Case {
  name: string
  /** Names all cases of an issue at once. */
  group: 'webdav' | 'transfers' | 'shares'
  title(sizes: Sizes): string
  unit: 's' | 'ms' | 'req/s' | 'shares/s'
  /** Which peers it compares; with none it starts what it needs itself. */
  compares: readonly Role[]
  /** Set when the contestants do different work, so that ratios would say nothing. */
  isList?: boolean
  /**
   * Makes ready what it needs; the first contestant is the one the others are compared with. Throws
   * `MissingProgramError` when this machine cannot do it.
   */
  open(bench: Bench): Promise<Contestant[]>
}

/** How much work the cases do. */
export interface Sizes {
  rounds: number
  /** Whether to wait, before each measurement, until others leave the machine alone. */
  waitsForQuiet: boolean
  largeBytes: number
  /** Of the one file that is larger still. */
  hugeBytes: number
  smallBytes: number
  /** Files that small GETs go round in. */
  smallFiles: number
  connections: number
  loadSeconds: number
  /** Entries of the folders that are listed: a usual and a large one. */
  listing: { usual: number; large: number }
  transferFiles: number
  transferFileBytes: number
  /** Very small files, and files in folders below each other. */
  tinyFiles: number
  treeDepth: number
  /** Open requests of a node that is killed. */
  openRequests: number
  syncFiles: number
  syncFileBytes: number
  /** Shares that are given and accepted in one round. */
  shares: number
  /** What is written through a remote share; what is read there has `largeBytes`. */
  remoteWriteBytes: number
  /** Files in the drives of `treePeers`, whole folders of `TREE_FOLDER_FILES`. */
  treeFiles: readonly number[]
}

/** Files in each folder of a large tree. */
export const TREE_FOLDER_FILES = 100

const MIB = 1024 * 1024

export const fullSizes: Sizes = {
  rounds: 5,
  waitsForQuiet: true,
  largeBytes: 1024 * MIB,
  hugeBytes: 4096 * MIB,
  smallBytes: 4096,
  smallFiles: 1000,
  connections: 32,
  loadSeconds: 4,
  listing: { usual: 1_000, large: 10_000 },
  transferFiles: 1000,
  transferFileBytes: 10 * 1024,
  tinyFiles: 20_000,
  treeDepth: 8,
  openRequests: 100_000,
  syncFiles: 5000,
  syncFileBytes: 1024,
  shares: 400,
  remoteWriteBytes: 256 * MIB,
  treeFiles: [1_000, 10_000, 100_000, 1_000_000],
}

/** For `--small`: seconds instead of minutes; shows that everything works, not how fast it is. */
export const quickSizes: Sizes = {
  ...fullSizes,
  rounds: 1,
  waitsForQuiet: false,
  largeBytes: 32 * MIB,
  hugeBytes: 64 * MIB,
  smallFiles: 50,
  loadSeconds: 1,
  listing: { usual: 100, large: 500 },
  transferFiles: 20,
  tinyFiles: 100,
  treeDepth: 3,
  openRequests: 500,
  syncFiles: 200,
  shares: 24,
  remoteWriteBytes: 16 * MIB,
  treeFiles: [100, 200, 1_000, 5_000],
}
