import type { JSX } from 'preact'
import type { TrashedFile } from '../../../client/operations.ts'
import { t } from '../../i18n/t.ts'
import { Empty, Loading } from '../../ui/bits.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { MoreError } from '../../ui/pages-view.tsx'
import type { Pages } from '../../ui/use-pages.ts'
import { WindowList } from '../../ui/window-list.tsx'
import { useRowHeight } from './row-height.ts'
import { removeForGood, restore } from './trash-actions.ts'
import { TrashRow } from './trash-row.tsx'

interface TrashListProps {
  pages: Pages<TrashedFile>
  chosen: ReadonlySet<string>
  onChoose: (name: string) => void
}

/** What was deleted, newest first, however much there is. */
export function TrashList({ pages, chosen, onChoose }: TrashListProps): JSX.Element {
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
    <>
      <div
        class="trash-table"
        role="table"
        aria-label={t('nav.trash')}
        aria-rowcount={pages.items.length + 1}
      >
        <TrashHead />
        <WindowList
          label={t('nav.trash')}
          items={pages.items}
          rowHeight={rowHeight}
          keyOf={(item) => item.name}
          // What failed waits for its button.
          {...(pages.moreError === undefined && { onNearEnd: pages.loadMore })}
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
      <MoreError pages={pages} />
    </>
  )
}

function TrashHead(): JSX.Element {
  return (
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
  )
}
