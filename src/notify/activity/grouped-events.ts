import type { DriveEvent } from './drive-events.ts'
import type { ActivityFacts, ActivitySubjectType } from './types.ts'

/** One line of the log. */
export interface FileNews {
  kind: `file.${DriveEvent['kind']}`
  subject: { type: ActivitySubjectType; id?: string; name: string; path: string }
  facts: ActivityFacts
  atMs: number | undefined
}

interface Group {
  kind: DriveEvent['kind']
  folder: readonly string[]
  /** The first ones; no more than are told one by one. */
  events: DriveEvent[]
  /** Things, those in new folders included. */
  count: number
  /** Of several folders that were told as one. */
  isFolded: boolean
  atMs: number | undefined
}

/** As many of a kind in one folder are told one by one. */
const SINGLES = 3
/** More lines than this for one step nobody reads: what is in the deepest folders is told of those above. */
const MAX_GROUPS = 50

/** What happened in one step, put together by kind and folder; its memory does not grow with what it is given. */
export class GroupedEvents {
  private readonly groups = new Map<string, Group>()
  /** Folders below this are told of as one with those above. */
  private maxDepth = Number.POSITIVE_INFINITY

  add(event: DriveEvent): void {
    const { kind, path, atMs } = event
    const isFolded = path.length - 1 > this.maxDepth
    const folder = path.slice(0, isFolded ? this.maxDepth : -1)
    const events = isFolded ? [] : [event]
    this.merge({ ...{ kind, folder, events, isFolded, atMs }, count: event.inside + 1 })
    while (this.groups.size > MAX_GROUPS && this.foldDeepest());
  }

  toNews(): FileNews[] {
    return [...this.groups.values()].flatMap((group) =>
      group.isFolded || group.events.length > SINGLES ? [newsOfMany(group)] : group.events.map(newsOfOne),
    )
  }

  private merge(group: Group): void {
    const key = [group.kind, ...group.folder].join('/')
    const known = this.groups.get(key)
    if (known === undefined) {
      this.groups.set(key, group)
      return
    }
    known.count += group.count
    known.isFolded ||= group.isFolded
    known.events = [...known.events, ...group.events].slice(0, SINGLES + 1)
    known.atMs = later(known.atMs, group.atMs)
  }

  /** False when all are in the root. */
  private foldDeepest(): boolean {
    const depth = Math.max(...[...this.groups.values()].map(({ folder }) => folder.length))
    if (depth === 0) return false
    this.maxDepth = depth - 1
    for (const [key, group] of [...this.groups]) {
      if (group.folder.length < depth) continue
      this.groups.delete(key)
      this.merge({ ...group, folder: group.folder.slice(0, -1), events: [], isFolded: true })
    }
    return true
  }
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}

function newsOfMany({ kind, folder, count, atMs }: Group): FileNews {
  const path = toPath(folder)
  return {
    kind: `file.${kind}`,
    subject: { type: 'folder', name: folder.at(-1) ?? path, path },
    facts: { count },
    atMs,
  }
}

function newsOfOne({ kind, id, entryKind, path, from, inside, atMs }: DriveEvent): FileNews {
  return {
    kind: `file.${kind}`,
    subject: { type: entryKind, id, name: path.at(-1) ?? '', path: toPath(path) },
    facts: {
      ...(inside === 0 ? {} : { count: inside }),
      ...(from === undefined ? {} : { from: toPath(from) }),
    },
    atMs,
  }
}

function toPath(names: readonly string[]): string {
  return `/${names.join('/')}`
}
