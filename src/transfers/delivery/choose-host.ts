/** A worker on a further host, as far as the choice needs it. */
export interface HostFacts {
  id: string
  name: string
  executors: readonly string[]
  /** Folders of the node that it has too. */
  prefixes: readonly string[]
  slots: number
  /** Files it moves now, or was just given. */
  running: number
  isAlive: boolean
  isDraining: boolean
}

export interface HostChoiceFacts {
  sizeBytes: number
  /** The source can be asked by HTTP, so that somebody else can do it. */
  isRemote: boolean
  /** A limit of bandwidth holds, which only this node can keep. */
  isLimited: boolean
  /** Where the part file lies on the node. */
  stagedPath: string
  /** Smaller files are not worth the way. */
  localSizeLimit: number
  hosts: readonly HostFacts[]
  /** Names of those that failed with this very file before. */
  failed: ReadonlySet<string>
  /** The node itself may begin one more large file. */
  isLocalFree: boolean
  /** In [0, 1). */
  random: number
}

export type HostChoice =
  | { kind: 'local'; why: string }
  | { kind: 'wait'; why: string }
  | { kind: 'host'; host: HostFacts; mode: 'path' | 'upload'; why: string }

/**
 * Who moves the bytes of one file: the node, or which further host. Those that share the file system go
 * before those that have to send the bytes here; among equals the least busy, and by lot. Who failed with
 * this file is passed over; when all are full the node does it if it may, else the file waits.
 */
export function chooseHost(facts: HostChoiceFacts): HostChoice {
  const { sizeBytes, localSizeLimit, stagedPath } = facts
  if (!facts.isRemote) return local('the source is not asked by HTTP')
  if (facts.isLimited) return local('a limit of bandwidth holds, which only the node can keep')
  if (sizeBytes < localSizeLimit) return local('it is smaller than transfers.localSizeLimit')
  const alive = facts.hosts.filter((host) => host.isAlive && !host.isDraining && speaksStream(host))
  if (alive.length === 0) return local('no delivery worker is there')
  const able = alive.filter((host) => !facts.failed.has(host.name))
  if (able.length === 0) return local('all delivery workers failed with it')
  const near = able.filter((host) => reaches(host.prefixes, stagedPath))
  const mode = near.length > 0 ? 'path' : 'upload'
  const free = (near.length > 0 ? near : able).filter((host) => host.running < host.slots)
  const host = leastBusy(free, facts.random)
  if (host !== undefined) return { kind: 'host', host, mode, why: whyOf(mode) }
  if (facts.isLocalFree) return local('all delivery workers are busy')
  return { kind: 'wait', why: 'all delivery workers are busy, and so is the node' }
}

/** True when one of the folders holds the path; names are compared whole. */
export function reaches(prefixes: readonly string[], path: string): boolean {
  return prefixes.some((prefix) => {
    const folder = prefix.endsWith('/') ? prefix : `${prefix}/`
    return path.startsWith(folder)
  })
}

function speaksStream(host: HostFacts): boolean {
  return host.executors.includes('stream')
}

function leastBusy(hosts: readonly HostFacts[], random: number): HostFacts | undefined {
  const least = Math.min(...hosts.map((host) => host.running / host.slots))
  const equals = hosts.filter((host) => host.running / host.slots === least)
  return equals[Math.floor(random * equals.length)]
}

function whyOf(mode: 'path' | 'upload'): string {
  return mode === 'path' ? 'it has the file system of the destination' : 'it sends the bytes to the node'
}

function local(why: string): HostChoice {
  return { kind: 'local', why }
}
