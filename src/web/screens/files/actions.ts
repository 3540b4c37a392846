import type { FileItem, TrashedFile } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { fileAddress, zipAddress } from '../../dav/dav.ts'
import { nameOf, parentOf, segmentsOf } from '../../dav/paths.ts'
import { visibleName } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { confirm } from '../../ui/confirm.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { deleteAll, moveBack, relocateAll } from './batch.ts'
import { showBatch } from './batch-bar.tsx'
import type { FilesModel } from './files-model.ts'
import { tellFailures } from './tell-failures.ts'
import { orderTrash } from './trash-orders.ts'

/** Moves or copies into a folder, says so, and offers to take a move back. */
export async function relocateTo(
  model: FilesModel,
  kind: 'move' | 'copy',
  items: readonly FileItem[],
  folder: string,
): Promise<void> {
  showBatch()
  const result = await relocateAll(kind, items, folder)
  const { done } = result
  tellFailures(result.failed)
  if (done.length > 0) {
    const text = t(kind === 'move' ? 'files.done.moved' : 'files.done.copied', {
      n: done.length,
      name: visibleName(nameOf(done[0]?.to ?? '')),
      folder: folderName(folder),
    })
    const undo = async () => {
      await moveBack(done).finally(() => model.refresh())
    }
    showDone(text, kind === 'move' ? { label: t('common.undo'), run: undo } : undefined)
  }
  model.chooseNone()
  await model.refresh()
}

/** Deletes at once what can come back from the trash; asks before the rest. */
export async function deleteItems(model: FilesModel, items: readonly FileItem[]): Promise<void> {
  const isForeign = (await Promise.all(items.map(isReceived))).some(Boolean)
  if (isForeign && !(await confirm(questionOf(items)))) return
  const gone = new Set(items.map(({ path }) => path))
  model.remove(gone)
  showBatch()
  const result = await deleteAll(items)
  tellFailures(result.failed)
  if (result.done.length < items.length) await model.refresh()
  if (result.done.length === 0) return
  const text = t('files.done.deleted', {
    n: result.done.length,
    name: visibleName(result.done[0]?.name ?? ''),
  })
  const undo = async () => {
    await restoreAll(result.done).finally(() => model.refresh())
  }
  showDone(text, isForeign ? undefined : { label: t('common.undo'), run: undo })
}

function questionOf(items: readonly FileItem[]) {
  const [first] = items
  const isLeaving = items.length === 1 && first?.received !== undefined
  return {
    title: t(isLeaving ? 'files.leave.title' : 'files.deleteForeign.title'),
    text: t(isLeaving ? 'files.leave.text' : 'files.deleteForeign.text', {
      n: items.length,
      name: visibleName(first?.name ?? ''),
    }),
    action: t(isLeaving ? 'files.leave.action' : 'common.delete'),
  }
}

const knownTops = new Map<string, Promise<FileItem>>()

/** What stands at the top of the drive above a path; asked for once. */
export function topOf(path: string): Promise<FileItem> {
  const top = `/${segmentsOf(path)[0] ?? ''}`
  const known = knownTops.get(top) ?? api.getFile({ query: { path: top } })
  knownTops.set(top, known)
  known.catch(() => knownTops.delete(top))
  return known
}

/** Whether something lies in what others shared; their trash is not ours. */
async function isReceived(item: FileItem): Promise<boolean> {
  if (item.received !== undefined) return true
  if (segmentsOf(item.path).length === 1) return false
  return (await topOf(item.path).catch(() => undefined))?.received !== undefined
}

/** Puts back what was just deleted: of each path what was deleted last. */
async function restoreAll(items: readonly FileItem[]): Promise<void> {
  const wanted = new Set(items.map(({ path }) => path))
  const found: TrashedFile[] = []
  for await (const { items: trashed } of api.pages('listTrash', { query: { limit: 1000 } })) {
    found.push(...trashed.filter(({ path }) => wanted.delete(path)))
    if (wanted.size === 0) break
  }
  tellFailures((await orderTrash('restore', found)).failed)
}

/** Addresses longer than this some proxies refuse. */
const MAX_ADDRESS = 6_000

/** Fetches one file as it is, everything else as ZIP archives made while they are sent: one for each folder. */
export function downloadItems(items: readonly FileItem[]): void {
  const [first] = items
  if (items.length === 1 && first !== undefined) {
    fetchByBrowser(first.kind === 'file' ? fileAddress(first.path) : zipAddress(first.path))
    return
  }
  for (const [folder, names] of Map.groupBy(items, ({ path }) => parentOf(path))) {
    for (const part of inParts(names.map(({ name }) => name))) fetchByBrowser(zipAddress(folder, part))
  }
}

function* inParts(names: readonly string[]): Generator<string[]> {
  let part: string[] = []
  let length = 0
  for (const name of names) {
    const more = encodeURIComponent(JSON.stringify(name)).length + 3
    if (length + more > MAX_ADDRESS && part.length > 0) {
      yield part
      part = []
      length = 0
    }
    part.push(name)
    length += more
  }
  yield part
}

function fetchByBrowser(address: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}

export function folderName(path: string): string {
  return path === '/' ? t('files.title') : visibleName(nameOf(path))
}
