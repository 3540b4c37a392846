import { signal } from '@preact/signals'
import type { Body } from '../../../client/client.ts'
import type { FileItem } from '../../../client/operations.ts'
import { ApiProblem, api, isProblem } from '../../api.ts'
import { copyEntry, moveEntry } from '../../dav/dav.ts'
import { numberedFolderName, numberedName } from '../../dav/naming.ts'
import { joinPath, parentOf } from '../../dav/paths.ts'
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

type Kind = BatchProgress['kind']

/** So many go with one request, few enough that the progress is seen. */
const PORTION = 40
/** What the person is asked about, or what needs another name. */
const NAME_CODES: readonly string[] = ['NAME_TAKEN', 'SAME_PLACE', 'HTTP_412']

/** Orders one thing for all, portion by portion; failures do not keep the others. */
async function forAll<T>(
  order: Omit<Body<'changeFiles'>, 'paths'>,
  items: readonly FileItem[],
  { toDone, onFailed }: { toDone: (item: FileItem, target: string) => T; onFailed: OnFailed<T> },
): Promise<BatchResult<T>> {
  const controller = new AbortController()
  const { signal: stop } = controller
  const result: BatchResult<T> = { done: [], failed: [] }
  const tell = (done: number) => {
    const { operation: kind } = order
    batchProgress.value = { kind, done, total: items.length, stop: () => controller.abort() }
  }
  try {
    for (let at = 0; at < items.length && !stop.aborted; at += PORTION) {
      tell(at)
      const portion = items.slice(at, at + PORTION)
      const outcomes = await orderPortion(order, portion, stop).catch((error: unknown) => {
        // One who stopped it knows; the list will show how far it went.
        if (!stop.aborted) result.failed.push(...portion.map((item) => ({ item, error })))
        return undefined
      })
      if (outcomes === undefined) break
      for (const [index, outcome] of outcomes.entries()) {
        const item = portion[index]
        if (item === undefined || stop.aborted) continue
        if (outcome === undefined || typeof outcome === 'string')
          result.done.push(toDone(item, outcome ?? ''))
        else await onFailed(item, outcome, { result, stop })
      }
    }
  } finally {
    batchProgress.value = undefined
  }
  return result
}

type OnFailed<T> = (
  item: FileItem,
  problem: ApiProblem,
  of: { result: BatchResult<T>; stop: AbortSignal },
) => Promise<void>

/** Where each is now, or why not; undefined for what is no more. */
async function orderPortion(
  order: Omit<Body<'changeFiles'>, 'paths'>,
  items: readonly FileItem[],
  stop: AbortSignal,
): Promise<(string | undefined | ApiProblem)[]> {
  const paths = items.map(({ path }) => path)
  // Copies take as long as they are large.
  const { items: outcomes } = await api.changeFiles({ body: { ...order, paths }, signal: stop, timeoutMs: 0 })
  const byPath = new Map(outcomes.map((outcome) => [outcome.path, outcome]))
  return paths.map((path) => {
    const outcome = byPath.get(path)
    return outcome?.error === undefined ? outcome?.target : new ApiProblem(outcome.error)
  })
}

/** Moves or copies into a folder; asks where names are taken. What lies there already is left, or copied beside. */
export function relocateAll(
  kind: 'move' | 'copy',
  items: readonly FileItem[],
  folder: string,
): Promise<BatchResult<Relocated>> {
  const policy: { forAll?: ConflictChoice } = {}
  const wanted = items.filter((item) => kind === 'copy' || parentOf(item.path) !== folder)
  const isBatch = wanted.length > 1
  return forAll({ operation: kind, destination: folder, conflict: 'fail' }, wanted, {
    toDone: ({ path }, target) => ({ from: path, to: target }),
    async onFailed(item, problem, { result, stop }) {
      const isName = problem.status === 412 || NAME_CODES.includes(problem.code)
      if (!isName) return void result.failed.push({ item, error: problem })
      try {
        const done = await relocate({ kind, item, folder, policy, isBatch }, stop)
        if (done !== undefined) result.done.push(done)
      } catch (error) {
        if (!stop.aborted) result.failed.push({ item, error })
      }
    },
  })
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

function send(kind: Exclude<Kind, 'delete'>, relocation: Parameters<typeof moveEntry>[0], stop: AbortSignal) {
  return kind === 'move' ? moveEntry(relocation, stop) : copyEntry(relocation, stop)
}

function nameFor({ kind, name }: FileItem, number: number): string {
  if (number === 1) return name
  return kind === 'folder' ? numberedFolderName(name, number) : numberedName(name, number)
}

/** Deletes; what lies in one's own drive goes to the trash. */
export function deleteAll(items: readonly FileItem[]): Promise<BatchResult<FileItem>> {
  return forAll<FileItem>({ operation: 'delete' }, items, {
    toDone: (item) => item,
    async onFailed(item, problem, { result }) {
      // Somebody else was faster: what was wanted is so.
      if (problem.status === 404) result.done.push(item)
      else result.failed.push({ item, error: problem })
    },
  })
}

/** Moves back what was moved, where nothing stands meanwhile. */
export async function moveBack(moved: readonly Relocated[]): Promise<void> {
  for (const { from, to } of moved) await moveEntry({ from: to, to: from, overwrite: false })
}
