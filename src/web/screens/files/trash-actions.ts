import type { TrashedFile } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { nameOf, parentOf } from '../../dav/paths.ts'
import { visibleName } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { fileHref, navigate } from '../../router.ts'
import { confirm } from '../../ui/confirm.tsx'
import { showDone } from '../../ui/toasts.tsx'
import type { Pages } from '../../ui/use-pages.ts'
import { tellFailures } from './tell-failures.ts'
import { orderTrash, type TrashResult } from './trash-orders.ts'

type TrashPages = Pages<TrashedFile>

/** Puts back; says so where the name had been taken meanwhile. */
export async function restore(pages: TrashPages, items: readonly TrashedFile[]): Promise<void> {
  const { done } = await order(pages, 'restore', items)
  const [first] = done
  if (first === undefined) return
  const isElsewhere = done.some(({ item, target }) => item.path !== target)
  const text = t(isElsewhere ? 'trash.restoredElsewhere' : 'trash.restored', {
    n: done.length,
    name: visibleName(nameOf(first.target)),
  })
  showDone(text, { label: t('trash.show'), run: () => navigate(fileHref(parentOf(first.target))) })
}

/** Removes for good, after a question. */
export async function removeForGood(pages: TrashPages, items: readonly TrashedFile[]): Promise<void> {
  const isSure = await confirm({
    title: t('trash.removeTitle', { n: items.length, name: visibleName(nameOf(items[0]?.path ?? '')) }),
    text: t('trash.removeText'),
    action: t('trash.remove'),
  })
  if (isSure) await order(pages, 'remove', items)
}

/** Removes everything for good, after a question. */
export async function emptyTrash(pages: TrashPages): Promise<void> {
  const isSure = await confirm({
    title: t('trash.emptyTitle'),
    text: t('trash.removeText'),
    action: t('trash.empty'),
  })
  if (!isSure) return
  // A large one takes as long as it is large.
  await api.emptyTrash({ timeoutMs: 0 })
  showDone(t('trash.emptied'))
  await pages.reload()
}

async function order(
  pages: TrashPages,
  operation: 'restore' | 'remove',
  items: readonly TrashedFile[],
): Promise<TrashResult> {
  const result = await orderTrash(operation, items)
  const gone = new Set(result.done.map(({ item }) => item.name))
  pages.change((all) => all.filter(({ name }) => !gone.has(name)))
  tellFailures(result.failed)
  // What failed may be gone already.
  if (result.failed.length > 0) await pages.reload()
  return result
}
