import type { Principal } from '../platform/principal.ts'
import type { StorePath } from '../store/types.ts'
import type { DavMount, DavSession } from './mount.ts'
import type { DavTarget } from './target.ts'

interface Row {
  mount: DavMount
  names: string[]
}

/** Finds the mount for an address; the longest prefix wins. */
export class MountTable {
  private readonly rows: Row[]

  constructor(mounts: readonly DavMount[]) {
    this.rows = mounts
      .map((mount) => ({ mount, names: mount.prefix.split('/').filter((name) => name !== '') }))
      .sort((a, b) => b.names.length - a.names.length)
  }

  find(segments: StorePath): { mount: DavMount; segments: StorePath } | undefined {
    const row = this.rows.find(({ names }) => names.every((name, index) => segments[index] === name))
    return row && { mount: row.mount, segments: segments.slice(row.names.length) }
  }

  /** True when an address that could not be decoded was meant for one of the mounts. */
  isBelow(rawTarget: string): boolean {
    const path = rawTarget.replace(/^[a-z+.-]+:\/\/[^/]*/i, '').replace(/\/+/g, '/')
    return this.rows.some(({ names }) => `${path}/`.startsWith(`/${names.join('/')}/`))
  }
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
  return found?.mount.open({ ...asker, segments: found.segments })
}
