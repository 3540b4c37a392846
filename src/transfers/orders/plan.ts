import { NotFoundError } from '../../platform/errors.ts'
import type { Entry, FileStore, StorePath } from '../../store/types.ts'
import { reconcile } from '../declared.ts'
import type { TransferDestination, TransferSource } from '../endpoints.ts'
import { PathFilter } from '../filters.ts'
import { decideOverwrite } from '../overwrite.ts'
import type { TransferOrder } from '../types.ts'
import { countFiles, type Deletions, excessOf } from './deletions.ts'

const SHOWN_PATHS = 1000
const MAX_SEEN = 1_000_000

export const planActions = ['copy', 'skip', 'delete', 'refuse'] as const
export type PlanAction = (typeof planActions)[number]

/** What an order would do, as far as can be told without doing it. */
export interface Plan {
  counts: Record<PlanAction, { files: number; bytes: number }>
  /** The first thousand, in the order in which they were found. */
  paths: { path: string; action: PlanAction; why: string; sizeBytes: number }[]
  /** False: the source has more than was looked at. */
  isComplete: boolean
  /** Of a mirror: what it would remove, of all that is there, and why it would not. */
  deletions?: Deletions & { refusal?: string }
}

export interface PlanEnds {
  source: TransferSource
  destination: TransferDestination
}

/** Looks at both ends and writes nothing. Throws what listing the source throws. */
export async function planOrder(order: TransferOrder, ends: PlanEnds, signal: AbortSignal): Promise<Plan> {
  const planner = new Planner(order, ends)
  await planner.look(signal)
  return order.options?.deleteExtra === true ? withDeletions(planner, order) : planner.plan
}

/** The same for a list of pairs. */
export async function planItems(
  order: TransferOrder,
  resolve: (item: NonNullable<TransferOrder['items']>[number]) => Promise<PlanEnds>,
  signal: AbortSignal,
): Promise<Plan> {
  let plan = emptyPlan()
  for (const item of order.items?.slice(0, SHOWN_PATHS) ?? []) {
    signal.throwIfAborted()
    const planner = new Planner(order, await resolve(item), plan)
    await planner.lookAtFile(item)
    plan = planner.plan
  }
  plan.isComplete = (order.items?.length ?? 0) <= SHOWN_PATHS
  return plan
}

/** What was not looked at may hold what seems to be too much, so that nothing is said of a part. */
function withDeletions({ plan, filesThere }: Planner, order: TransferOrder): Plan {
  const found = { files: plan.counts.delete.files, ofFiles: filesThere }
  const refusal = plan.isComplete ? excessOf(found, order.options?.maxDelete) : undefined
  return { ...plan, deletions: { ...found, ...(refusal === undefined ? {} : { refusal }) } }
}

function emptyPlan(): Plan {
  const none = () => ({ files: 0, bytes: 0 })
  return {
    counts: { copy: none(), skip: none(), delete: none(), refuse: none() },
    paths: [],
    isComplete: true,
  }
}

class Planner {
  readonly plan: Plan
  private readonly order: TransferOrder
  private readonly ends: PlanEnds
  private readonly filter: PathFilter
  private seen = 0
  /** Files that a mirror looks after, as they will be once all is copied. */
  filesThere = 0

  constructor(order: TransferOrder, ends: PlanEnds, plan = emptyPlan()) {
    this.order = order
    this.ends = ends
    this.plan = plan
    this.filter = new PathFilter(order.options?.filters)
  }

  async look(signal: AbortSignal): Promise<void> {
    const { store, path } = this.ends.source
    const root = await store.stat(path)
    if (root.kind === 'file') return this.lookAtFile({ checksums: this.order.options?.checksums })
    const pending: StorePath[] = [[]]
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      signal.throwIfAborted()
      if (this.seen >= MAX_SEEN) {
        this.plan.isComplete = false
        return
      }
      pending.push(...(await this.lookAtFolder(folder)))
    }
  }

  async lookAtFile(declared: Parameters<typeof reconcile>[0]): Promise<void> {
    const { source, destination } = this.ends
    const entry = await source.store.stat(source.path)
    const checksums = reconcile(declared, entry)
    this.judge(source.path.at(-1) ?? '', { ...entry, checksums }, await findEntry(destination))
  }

  private async lookAtFolder(folder: StorePath): Promise<StorePath[]> {
    const { source, destination } = this.ends
    const here = await source.store.list([...source.path, ...folder])
    const there = await listThere(destination.store, [...destination.path, ...folder])
    const folders: StorePath[] = []
    for (const entry of here) {
      const path = [...folder, entry.name]
      const existing = there.get(entry.name)
      there.delete(entry.name)
      this.seen++
      if (entry.kind === 'folder') {
        if (this.filter.entersFolder(path)) folders.push(path)
      } else if (this.filter.takesFile(path)) {
        this.filesThere++
        this.judge(path.join('/'), entry, existing)
      }
    }
    if (this.order.options?.deleteExtra === true) await this.noteExtra(folder, there)
    return folders
  }

  private async noteExtra(folder: StorePath, extra: ReadonlyMap<string, Entry>): Promise<void> {
    const { store, path: root } = this.ends.destination
    for (const entry of extra.values()) {
      const path = [...folder, entry.name]
      const isMeant = entry.kind === 'file' ? this.filter.takesFile(path) : this.filter.entersFolder(path)
      if (!isMeant || entry.mount !== undefined) continue
      this.seen++
      // It may hold what the filters leave out, so it is looked into and stays.
      if (entry.kind === 'folder' && !this.filter.isOpen)
        await this.noteExtra(path, await listThere(store, [...root, ...path]))
      else await this.noteGoing(path, entry)
    }
  }

  /** A folder goes as a whole: it is shown once, and its files count. */
  private async noteGoing(path: StorePath, entry: Entry): Promise<void> {
    const { store, path: root } = this.ends.destination
    const files = await countFiles(store, [...root, ...path], entry)
    this.filesThere += files
    this.note(path.join('/'), 'delete', 'the source does not have it', entry.sizeBytes)
    this.plan.counts.delete.files += files - 1
  }

  private judge(path: string, source: Entry, existing: Entry | undefined): void {
    const policy = this.order.overwrite ?? 'if-different'
    const sync = this.order.options?.sync
    const decision = decideOverwrite({ policy, sync }, source, existing)
    const by = sync === undefined ? '' : ` by ${sync}`
    if (decision === 'skip') this.note(path, 'skip', `the destination has the same${by}`, source.sizeBytes)
    else if (decision === 'exists')
      this.note(
        path,
        'refuse',
        'the destination has another, and nothing may be overwritten',
        source.sizeBytes,
      )
    else if (decision === 'is-folder')
      this.note(path, 'refuse', 'the destination has a folder there', source.sizeBytes)
    else {
      const why =
        existing === undefined ? 'the destination does not have it' : `the destination has another${by}`
      this.note(path, 'copy', why, source.sizeBytes)
    }
  }

  private note(path: string, action: PlanAction, why: string, sizeBytes: number): void {
    const count = this.plan.counts[action]
    count.files++
    count.bytes += sizeBytes
    if (this.plan.paths.length < SHOWN_PATHS) this.plan.paths.push({ path, action, why, sizeBytes })
  }
}

async function findEntry({ store, path }: TransferDestination): Promise<Entry | undefined> {
  try {
    return await store.stat(path)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

async function listThere(store: FileStore, path: StorePath): Promise<Map<string, Entry>> {
  try {
    return new Map((await store.list(path)).map((entry) => [entry.name, entry]))
  } catch (error) {
    if (error instanceof NotFoundError) return new Map()
    throw error
  }
}
