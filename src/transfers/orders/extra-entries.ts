import type { Entry, StorePath } from '../../store/types.ts'
import type { TransferDestination, TransferSource } from '../endpoints.ts'
import type { PathFilter } from '../filters.ts'
import { namesOf } from '../run.ts'
import { countFiles, type Deletions } from './deletions.ts'
import { formsOf, listNow } from './mirror-source.ts'

/** Something at the destination of a mirror that its source has not. */
export interface ExtraEntry {
  path: StorePath
  /** How many files go with it. */
  files: number
}

export interface MirrorEnds {
  source: TransferSource
  destination: TransferDestination
  filter: PathFilter
  /** Of these paths, those that the source had when it was listed. */
  listKnown(paths: readonly string[]): Promise<Set<string>>
  /** Asked before each folder: false when the mirror is not wanted any more. */
  goOn(): Promise<boolean>
}

/** How far a walk came. */
export interface Walk extends Deletions {
  entries: number
  isStopped: boolean
}

export function newWalk(): Walk {
  return { files: 0, ofFiles: 0, entries: 0, isStopped: false }
}

/**
 * What the destination has too much, folder by folder. Left out is what filters leave out and what is mounted
 * there; the source is asked once more before anything counts as gone. `walk` is counted up on the way.
 */
export async function* extraEntries(
  ends: MirrorEnds,
  walk: Walk,
  signal: AbortSignal,
): AsyncGenerator<ExtraEntry> {
  const pending = ['']
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    signal.throwIfAborted()
    walk.isStopped = !(await ends.goOn())
    if (walk.isStopped) return
    yield* extraOfFolder(ends, path, { walk, pending })
  }
}

async function* extraOfFolder(
  { source, destination, filter, listKnown }: MirrorEnds,
  path: string,
  { walk, pending }: { walk: Walk; pending: string[] },
): AsyncGenerator<ExtraEntry> {
  const members = await listMembers(destination, path)
  const known = await listKnown([...members.keys()].flatMap(formsOf))
  let now: Set<string> | undefined
  for (const [member, entry] of members) {
    if (entry.mount !== undefined || !isMeant(filter, member, entry)) continue
    const isKnown = formsOf(member).some((form) => known.has(form))
    // With filters, a folder that the source has not may hold what they leave out.
    if (entry.kind === 'folder' && (isKnown || !filter.isOpen)) {
      pending.push(member)
      continue
    }
    if (!isKnown) now ??= await listNow(source, path)
    if (isKnown || now?.has(member)) {
      walk.ofFiles++
      continue
    }
    const place = [...destination.path, ...namesOf(member)]
    const files = await countFiles(destination.store, place, entry)
    walk.files += files
    walk.ofFiles += files
    walk.entries++
    yield { path: place, files }
  }
}

async function listMembers({ store, path }: TransferDestination, below: string): Promise<Map<string, Entry>> {
  const entries = await store.list([...path, ...namesOf(below)])
  return new Map(entries.map((entry) => [[...namesOf(below), entry.name].join('/'), entry]))
}

function isMeant(filter: PathFilter, path: string, { kind }: Entry): boolean {
  return kind === 'file' ? filter.takesFile(namesOf(path)) : filter.entersFolder(namesOf(path))
}
