import type { Trust } from '../trust.ts'
import type { Directories } from './directories.ts'
import type { OwnDirectory } from './publish-directory.ts'

/** A server that people may pick as theirs. */
export interface KnownServer {
  host: string
  displayName: string
  /** The directory that names it. */
  federation: string
}

/**
 * The servers of all directories that this node reads, and of the one it publishes, without those it denies.
 * What is in no directory is not told: whom a node talks to is not everybody's business.
 */
export async function listKnownServers(rooms: {
  directories: Pick<Directories, 'listServers'>
  ownDirectory: Pick<OwnDirectory, 'listServers' | 'federation'>
  trust: Pick<Trust, 'list'>
}): Promise<KnownServer[]> {
  const { directories, ownDirectory, trust } = rooms
  const [read, own, denied] = await Promise.all([
    directories.listServers(),
    ownDirectory.listServers(),
    trust.list('denied'),
  ])
  const { federation = '' } = ownDirectory
  const all = [...own.map((server) => ({ ...server, federation })), ...read]
  const byHost = new Map(
    all.map(({ host, displayName, federation }) => [host, { host, displayName, federation }]),
  )
  for (const host of denied) byHost.delete(host)
  return [...byHost.values()].sort((a, b) => a.displayName.localeCompare(b.displayName, 'en'))
}
