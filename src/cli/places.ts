import { resolve } from 'node:path'
import { type ArcTerms, readArcOptions } from './arc-options.ts'
import {
  basicAuthorization,
  type Connection,
  findConnectionFor,
  getConnection,
  isLoopback,
} from './connection.ts'
import type { CliContext } from './context.ts'
import { Drive } from './drive.ts'
import { usageError } from './exit.ts'
import { type Location, parseLocation, parseRemoteLocation, type RemoteLocation } from './locations.ts'
import { NodeDoor } from './node-door.ts'
import { listProfiles } from './profile.ts'
import { localTree, type Place, remoteTree } from './tree.ts'

/** A place that the user named, and how. */
export interface NamedPlace extends Place {
  location: Exclude<Location, { kind: 'standard' }>
  terms: ArcTerms
}

export interface RemotePlace {
  drive: Drive
  door: NodeDoor | undefined
  path: readonly string[]
  location: RemoteLocation
  terms: ArcTerms
}

export interface PlacesOptions {
  profile?: string | undefined
  timeoutMs?: number | undefined
  /** Nothing but TLS, except to this very machine. */
  secure?: boolean
  /** Told once for each text: options of URLs that mean nothing. */
  remark?: (text: string) => void
}

/** Turns what the user wrote into trees, one per drive, so that equal drives are the same object. */
export class Places {
  private readonly context: CliContext
  private readonly options: PlacesOptions
  private readonly drives = new Map<string, { drive: Drive; door: NodeDoor | undefined }>()
  private readonly remarks = new Set<string>()
  private names: Promise<Set<string>> | undefined

  constructor(context: CliContext, options: PlacesOptions) {
    this.context = context
    this.options = options
  }

  /** One side of `cp`; undefined for standard input or output. Only in a list may URLs hold a password. */
  async find(text: string, isListed = false): Promise<NamedPlace | undefined> {
    const location = parseLocation(text, await this.profiles())
    if (location.kind === 'standard') return undefined
    if (location.kind === 'local') {
      const tree = localTree(resolve(location.path), this.context.signal)
      return { tree, path: [], location, terms: this.readTerms(location.options) }
    }
    const { drive, door, path, terms } = await this.open(location, isListed)
    const prefix = location.kind === 'url' ? `${location.origin}/` : `${location.profile ?? 'drive'}:/`
    return { tree: remoteTree(drive, prefix, door), path, location, terms }
  }

  /** The argument of a command that only knows drives. */
  async getRemote(text: string): Promise<RemotePlace> {
    return this.open(parseRemoteLocation(text, await this.profiles()), false)
  }

  private async open(location: RemoteLocation, isListed: boolean): Promise<RemotePlace> {
    const { path } = location
    if (location.kind !== 'url') {
      const connection = await getConnection(this.context.env, location.profile ?? this.options.profile)
      this.checkSecure(connection.url, false)
      return { ...this.drive(driveRoot(connection), connection, ''), path, location, terms: {} }
    }
    const { origin, credentials, query } = location
    if (credentials !== undefined && !isListed)
      throw usageError(
        'A URL must not hold a user name or password; log in, use the environment, or cp --list.',
      )
    const terms = this.readTerms(location.options)
    this.checkSecure(origin, terms.secure === true)
    const connection =
      credentials === undefined
        ? await findConnectionFor(this.context.env, this.options.profile, new URL(origin))
        : toConnection(origin, credentials)
    return { ...this.drive(`${origin}/`, connection, query), path, location, terms }
  }

  private readTerms(options: ReadonlyMap<string, string> = new Map()): ArcTerms {
    return readArcOptions(options, (text) => {
      if (!this.remarks.has(text)) this.options.remark?.(text)
      this.remarks.add(text)
    })
  }

  private checkSecure(url: string, asked: boolean): void {
    const { protocol, hostname, host } = new URL(url)
    if (protocol === 'https:' || (!asked && this.options.secure !== true)) return
    if (!asked && isLoopback(hostname)) return
    throw usageError(`${host} is named without TLS; write https or davs, or leave the option "secure" out.`)
  }

  private drive(root: string, connection: Connection | undefined, query: string) {
    const key = `${connection?.authorization ?? ''} ${root}${query}`
    const known = this.drives.get(key)
    if (known !== undefined) return known
    const { signal } = this.context
    const { timeoutMs } = this.options
    const drive = new Drive({ root, authorization: connection?.authorization, query, signal, timeoutMs })
    const door = connection === undefined ? undefined : new NodeDoor(connection, drive.http)
    this.drives.set(key, { drive, door })
    return { drive, door }
  }

  private profiles(): Promise<Set<string>> {
    this.names ??= listProfiles(this.context.env.profileFile).then((all) => new Set(Object.keys(all)))
    return this.names
  }
}

/** The address of a user's drive; the alias without a name serves a login that is only a token. */
export function driveRoot(connection: Connection): string {
  const { url, user } = connection
  return user === undefined ? `${url}/webdav/` : `${url}/dav/files/${encodeURIComponent(user)}/`
}

function toConnection(url: string, { user, password }: { user: string; password: string }): Connection {
  return { url, user, authorization: basicAuthorization(user, password) }
}
