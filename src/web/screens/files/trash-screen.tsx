import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { TrashedFile } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { nameOf } from '../../dav/paths.ts'
import { visibleName } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { onLive } from '../../live.ts'
import { fileHref, navigate } from '../../router.ts'
import { siteName } from '../../session.ts'
import { Empty, Loading } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { showDone, showError } from '../../ui/toasts.tsx'
import { type Pages, usePages } from '../../ui/use-pages.ts'
import { WindowList } from '../../ui/window-list.tsx'
import { useRowHeight } from './row-height.ts'
import { TrashRow } from './trash-row.tsx'

/** What was deleted, until it is put back, removed for good or too old. */
export function Screen(): JSX.Element {
  const pages = usePages(
    (cursor) => api.listTrash({ query: { limit: 1000, ...(cursor !== undefined && { cursor }) } }),
    [],
  )
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => {
    document.title = `${t('nav.trash')} · ${siteName.value}`
    return onLive('activity', () => void pages.reload())
  }, [])
  const picked = pages.items.filter(({ name }) => chosen.has(name))
  const choose = (name: string) => {
    const next = new Set(chosen)
    if (!next.delete(name)) next.add(name)
    setChosen(next)
  }
  return (
    <>
      <header class="screen-head">
        <h1>{t('nav.trash')}</h1>
        <span class="actions">
          {picked.length > 0 && (
            <>
              <Button icon="restore" onClick={() => restore(pages, picked)}>
                {t('trash.restoreN', { n: picked.length })}
              </Button>
              <Button kind="danger" onClick={() => removeForGood(pages, picked)}>
                {t('trash.removeN', { n: picked.length })}
              </Button>
            </>
          )}
          <Button
            kind="danger"
            icon="trash"
            disabled={pages.items.length === 0}
            onClick={() => emptyTrash(pages)}
          >
            {t('trash.empty')}
          </Button>
        </span>
      </header>
      <p class="soft">{t('trash.text')}</p>
      <TrashList pages={pages} chosen={chosen} onChoose={choose} />
    </>
  )
}

interface TrashListProps {
  pages: Pages<TrashedFile>
  chosen: ReadonlySet<string>
  onChoose: (name: string) => void
}

function TrashList({ pages, chosen, onChoose }: TrashListProps): JSX.Element {
  const rowHeight = useRowHeight()
  if (pages.error !== undefined && pages.items.length === 0) {
    return <ErrorNote error={pages.error} onRetry={pages.reload} />
  }
  if (pages.items.length === 0 && pages.isLoading) return <Loading />
  if (pages.items.length === 0) {
    return (
      <Empty icon="trash" title={t('trash.none')}>
        {t('trash.noneText')}
      </Empty>
    )
  }
  return (
    <div class="trash-table" role="table" aria-label={t('nav.trash')} aria-rowcount={pages.items.length + 1}>
      <div role="rowgroup" class="file-head">
        <div role="row" class="file-row" aria-rowindex={1}>
          <span role="columnheader" class="cell-check">
            <span class="visually-hidden">{t('files.column.select')}</span>
          </span>
          <span role="columnheader" class="cell-name">
            {t('files.column.name')}
          </span>
          <span role="columnheader" class="cell-size">
            {t('files.column.size')}
          </span>
          <span role="columnheader" class="cell-modified">
            {t('trash.deletedAt')}
          </span>
          <span role="columnheader" class="cell-trash-actions">
            <span class="visually-hidden">{t('common.actions')}</span>
          </span>
        </div>
      </div>
      <WindowList
        label={t('nav.trash')}
        items={pages.items}
        rowHeight={rowHeight}
        keyOf={(item) => item.name}
        onNearEnd={pages.loadMore}
        row={(item, index) => (
          <TrashRow
            item={item}
            index={index}
            isChosen={chosen.has(item.name)}
            onChoose={() => onChoose(item.name)}
            onRestore={() => restore(pages, [item])}
            onRemove={() => removeForGood(pages, [item])}
          />
        )}
      />
    </div>
  )
}

/** Puts back; says so where the name had been taken meanwhile. */
async function restore(pages: Pages<TrashedFile>, items: readonly TrashedFile[]): Promise<void> {
  const back: { wanted: string; path: string }[] = []
  for (const item of items) {
    try {
      const { path } = await api.restoreFromTrash({ params: { name: item.name } })
      back.push({ wanted: item.path, path })
      pages.change((all) => all.filter(({ name }) => name !== item.name))
    } catch (error) {
      showError(error)
    }
  }
  const [first] = back
  if (first === undefined) return await pages.reload()
  const isElsewhere = back.some(({ wanted, path }) => wanted !== path)
  const text = t(isElsewhere ? 'trash.restoredElsewhere' : 'trash.restored', {
    n: back.length,
    name: visibleName(nameOf(first.path)),
  })
  showDone(text, { label: t('trash.show'), run: () => navigate(fileHref(parentFolder(first.path))) })
}

function parentFolder(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

async function removeForGood(pages: Pages<TrashedFile>, items: readonly TrashedFile[]): Promise<void> {
  const isSure = await confirm({
    title: t('trash.removeTitle', { n: items.length, name: visibleName(nameOf(items[0]?.path ?? '')) }),
    text: t('trash.removeText'),
    action: t('trash.remove'),
  })
  if (!isSure) return
  for (const item of items) {
    try {
      await api.removeFromTrash({ params: { name: item.name } })
      pages.change((all) => all.filter(({ name }) => name !== item.name))
    } catch (error) {
      showError(error)
    }
  }
}

async function emptyTrash(pages: Pages<TrashedFile>): Promise<void> {
  const isSure = await confirm({
    title: t('trash.emptyTitle'),
    text: t('trash.removeText'),
    action: t('trash.empty'),
  })
  if (!isSure) return
  await api.emptyTrash()
  showDone(t('trash.emptied'))
  await pages.reload()
}
