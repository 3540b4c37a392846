import { signal } from '@preact/signals'
import type { FileItem } from '../../../client/operations.ts'
import { isProblem } from '../../api.ts'
import { copyEntry, deleteEntry, moveEntry } from '../../dav/dav.ts'
import { numberedFolderName, numberedName } from '../../dav/naming.ts'
import { isWithin, joinPath, nameOf, parentOf } from '../../dav/paths.ts'
import { pageProblem } from '../../dav/problem.ts'
import { visibleName } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { ask } from '../../upload/conflicts.ts'
import type { ConflictChoice } from '../../upload/types.ts'

export interface BatchProgress {
  kind: 'move' | 'copy' | 'delete'
  done: number
  total: number
  stop: () => void
}

/** The work on several files that is under way. */
export const batchProgress = signal<BatchProgress | undefined>(undefined)

export interface Relocated {
  from: string
  to: string
}

export interface BatchResult<T> {
  done: T[]
  failed: { item: FileItem; error: unknown }[]
}

const AT_ONCE = 3

type Kind = BatchProgress['kind']

/** Does something with each, a few at a time; failures do not keep the others. */
async function forEach<T>(
  kind: Kind,
  items: readonly FileItem[],
  work: (item: FileItem, stop: AbortSignal) => Promise<T | undefined>,
): Promise<BatchResult<T>> {
  const controller = new AbortController()
  const result: BatchResult<T> = { done: [], failed: [] }
  const left = [...items]
  let count = 0
  const tell = () => {
    batchProgress.value = { kind, done: count, total: items.length, stop: () => controller.abort() }
  }
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      if (controller.signal.aborted) return
      try {
        const done = await work(item, controller.signal)
        if (done !== undefined) result.done.push(done)
      } catch (error) {
        if (!controller.signal.aborted) result.failed.push({ item, error })
      }
      count += 1
      tell()
    }
  }
  tell()
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  batchProgress.value = undefined
  return result
}

/** Moves or copies into a folder; asks where names are taken. What lies there already is left, or copied beside. */
export function relocateAll(
  kind: 'move' | 'copy',
  items: readonly FileItem[],
  folder: string,
): Promise<BatchResult<Relocated>> {
  const policy: { forAll?: ConflictChoice } = {}
  const wanted = items.filter((item) => kind === 'copy' || parentOf(item.path) !== folder)
  return forEach(kind, wanted, (item, stop) =>
    relocate({ kind, item, folder, policy, isBatch: wanted.length > 1 }, stop),
  )
}

interface Task {
  kind: 'move' | 'copy'
  item: FileItem
  folder: string
  policy: { forAll?: ConflictChoice }
  isBatch: boolean
}

async function relocate(task: Task, stop: AbortSignal): Promise<Relocated | undefined> {
  const { item, folder } = task
  const from = item.path
  if (item.kind === 'folder' && isWithin(folder, from)) {
    throw pageProblem('INTO_ITSELF', t('files.intoItself', { name: visibleName(nameOf(from)) }))
  }
  // A copy beside the original can only have another name.
  let choice: ConflictChoice | undefined = parentOf(from) === folder ? 'both' : undefined
  let number = choice === 'both' ? 2 : 1
  for (;;) {
    const to = joinPath(folder, nameFor(item, number))
    try {
      await send(task.kind, { from, to, overwrite: choice === 'replace' }, stop)
      return { from, to }
    } catch (error) {
      if (!isProblem(error) || error.status !== 412) throw error
      if (choice === 'replace') throw error
      choice ??= task.policy.forAll ?? (await askFor(task, to, stop))
      if (choice === 'skip') return undefined
      if (choice === 'both') number += 1
    }
  }
}

async function askFor(task: Task, path: string, stop: AbortSignal): Promise<ConflictChoice> {
  const { choice, forAll } = await ask(
    { path, isFolder: task.item.kind === 'folder', isBatch: task.isBatch, known: () => task.policy.forAll },
    stop,
  )
  if (forAll) task.policy.forAll = choice
  return choice
}

function send(kind: Task['kind'], relocation: Parameters<typeof moveEntry>[0], stop: AbortSignal) {
  return kind === 'move' ? moveEntry(relocation, stop) : copyEntry(relocation, stop)
}

function nameFor({ kind, name }: FileItem, number: number): string {
  if (number === 1) return name
  return kind === 'folder' ? numberedFolderName(name, number) : numberedName(name, number)
}

/** Deletes; what lies in one's own drive goes to the trash. */
export function deleteAll(items: readonly FileItem[]): Promise<BatchResult<FileItem>> {
  return forEach('delete', items, async (item, stop) => {
    await deleteEntry(item.path, stop).catch((error: unknown) => {
      // Somebody else was faster: what was wanted is so.
      if (!isProblem(error) || error.status !== 404) throw error
    })
    return item
  })
}

/** Moves back what was moved, where nothing stands meanwhile. */
export async function moveBack(moved: readonly Relocated[]): Promise<void> {
  for (const { from, to } of moved) await moveEntry({ from: to, to: from, overwrite: false })
}
