import { resolve } from 'node:path'
import { type Connection, findConnectionFor, getConnection } from './connection.ts'
import type { CliContext } from './context.ts'
import { Drive } from './drive.ts'
import { type Location, parseLocation, parseRemoteLocation, type RemoteLocation } from './locations.ts'
import { listProfiles } from './profile.ts'
import { localTree, type Place, remoteTree } from './tree.ts'

/** A place that the user named, and how. */
export interface NamedPlace extends Place {
  location: Exclude<Location, { kind: 'standard' }>
}

export interface RemotePlace {
  drive: Drive
  path: readonly string[]
  location: RemoteLocation
}

/** Turns what the user wrote into trees, one per drive, so that equal drives are the same object. */
export class Places {
  private readonly context: CliContext
  private readonly profile: string | undefined
  private readonly drives = new Map<string, Drive>()

  constructor(context: CliContext, profile: string | undefined) {
    this.context = context
    this.profile = profile
  }

  /** One side of `cp`; undefined for standard input or output. */
  async find(text: string): Promise<NamedPlace | undefined> {
    const location = parseLocation(text, await this.profiles())
    if (location.kind === 'standard') return undefined
    if (location.kind === 'local') {
      return { tree: localTree(resolve(location.path), this.context.signal), path: [], location }
    }
    const { drive, path } = await this.open(location)
    const prefix = location.kind === 'url' ? `${location.origin}/` : `${location.profile ?? 'drive'}:/`
    return { tree: remoteTree(drive, prefix), path, location }
  }

  /** The argument of a command that only knows drives. */
  async getRemote(text: string): Promise<RemotePlace> {
    return this.open(parseRemoteLocation(text, await this.profiles()))
  }

  private async open(location: RemoteLocation): Promise<RemotePlace> {
    const { path } = location
    if (location.kind === 'url') {
      const connection = await findConnectionFor(this.context.env, this.profile, new URL(location.origin))
      return { drive: this.drive(`${location.origin}/`, connection, location.query), path, location }
    }
    const connection = await getConnection(this.context.env, location.profile ?? this.profile)
    return { drive: this.drive(driveRoot(connection), connection, ''), path, location }
  }

  private drive(root: string, connection: Connection | undefined, query: string): Drive {
    const key = `${root}${query}`
    const known = this.drives.get(key)
    if (known !== undefined) return known
    const drive = new Drive({
      root,
      authorization: connection?.authorization,
      query,
      signal: this.context.signal,
    })
    this.drives.set(key, drive)
    return drive
  }

  private async profiles(): Promise<Set<string>> {
    return new Set(Object.keys(await listProfiles(this.context.env.profileFile)))
  }
}

/** The address of a user's drive; the alias without a name serves a login that is only a token. */
export function driveRoot(connection: Connection): string {
  const { url, user } = connection
  return user === undefined ? `${url}/webdav/` : `${url}/dav/files/${encodeURIComponent(user)}/`
}
