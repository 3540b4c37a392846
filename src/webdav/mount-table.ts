import { ForbiddenError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import type { StorePath } from '../store/types.ts'
import type { DavMount, DavSession } from './mount.ts'
import type { DavTarget } from './target.ts'

interface Row {
  mount: DavMount
  names: string[]
}

/**
 * Finds the mount for an address; the longest prefix wins. Where the public address of the node has a path,
 * reverse proxies cut it off the address of a request, and never off those in its headers: both are found.
 */
export class MountTable {
  private readonly rows: Row[]
  /** Path of the public address, without a slash at its end. */
  private readonly basePath: string
  private readonly base: StorePath

  constructor(mounts: readonly DavMount[], basePath = '') {
    this.basePath = basePath
    this.base = namesOf(basePath).map(decodeURIComponent)
    this.rows = mounts
      .map((mount) => ({ mount, names: namesOf(mount.prefix) }))
      .sort((a, b) => b.names.length - a.names.length)
  }

  find(segments: StorePath): { mount: DavMount; segments: StorePath } | undefined {
    const own = this.ownNames(segments)
    const row = this.findRow(own)
    return row && { mount: row.mount, segments: own.slice(row.names.length) }
  }

  /** The names of an address without those of the public path. */
  ownNames(segments: StorePath): StorePath {
    if (this.base.length === 0 || this.findRow(segments) !== undefined) return segments
    return isBelow(segments, this.base) ? segments.slice(this.base.length) : segments
  }

  /** The path by which clients know an address, whether a proxy has cut it or not. */
  publicPath({ rawPath, segments }: DavTarget): string {
    return this.ownNames(segments) === segments ? this.basePath + rawPath : rawPath
  }

  private findRow(segments: StorePath): Row | undefined {
    return this.rows.find(({ names }) => isBelow(segments, names))
  }

  /** True when an address that could not be decoded was meant for one of the mounts. */
  isBelow(rawTarget: string): boolean {
    const path = rawTarget.replace(/^[a-z+.-]+:\/\/[^/]*/i, '').replace(/\/+/g, '/')
    return this.rows.some(({ names }) => `${path}/`.startsWith(`/${names.join('/')}/`))
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}

function isBelow(segments: StorePath, names: StorePath): boolean {
  return names.every((name, index) => segments[index] === name)
}

/** Who asks, for the mounts of one request. */
export interface Asker {
  method: string
  authorization: string | undefined
  clientAddress: string
  authenticate(): Promise<Principal>
}

/** The session at an address of this node, or undefined where no mount is. */
export async function openAddress(
  table: MountTable,
  target: DavTarget,
  asker: Asker,
): Promise<DavSession | undefined> {
  const found = table.find(target.segments)
  if (found === undefined) return undefined
  const authenticate = found.mount.takesScopes === true ? asker.authenticate : () => unlimited(asker)
  return found.mount.open({ ...asker, authenticate, segments: found.segments })
}

/** Most places know nothing of tokens that are for some paths only. */
async function unlimited(asker: Asker): Promise<Principal> {
  const principal = await asker.authenticate()
  if (principal.scope === undefined) return principal
  throw new ForbiddenError('This token is for files in a drive only.', { code: 'OUT_OF_SCOPE' })
}
