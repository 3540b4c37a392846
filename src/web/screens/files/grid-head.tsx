import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { hrefOf, navigate, place } from '../../router.ts'
import { Icon } from '../../ui/icons.tsx'
import type { FilesModel, SortColumn } from './files-model.ts'

/** Titles of the columns, by which the list is sorted; and a box for all of it. */
export function GridHead({ model }: { model: FilesModel }): JSX.Element {
  const { rows } = model.listing.view.value
  const { chosen } = model.selection.value
  const isAll = chosen.size > 0 && chosen.size >= rows.length
  return (
    <div role="rowgroup" class="file-head">
      <div role="row" class="file-row" aria-rowindex={1}>
        <span role="columnheader" class="cell-check">
          <input
            type="checkbox"
            aria-label={t('common.selectAll')}
            checked={isAll}
            ref={(box) => {
              if (box !== null) box.indeterminate = chosen.size > 0 && !isAll
            }}
            onChange={() => (isAll ? model.chooseNone() : void model.chooseAll())}
          />
        </span>
        <SortHead model={model} column="name" />
        {model.query.search !== '' && (
          <span role="columnheader" class="cell-place">
            {t('files.column.place')}
          </span>
        )}
        <SortHead model={model} column="size" />
        <SortHead model={model} column="modified" />
        <span role="columnheader" class="cell-shared">
          {t('files.column.shared')}
        </span>
        <span role="columnheader" class="cell-actions">
          <span class="visually-hidden">{t('common.actions')}</span>
        </span>
      </div>
    </div>
  )
}

function SortHead({ model, column }: { model: FilesModel; column: SortColumn }): JSX.Element {
  const { sort, order, search } = model.query
  const label = t(`files.column.${column}`)
  // What a search finds comes in the order of names.
  if (search !== '') {
    return (
      <span role="columnheader" class={`cell-${column}`}>
        {label}
      </span>
    )
  }
  const isSorted = sort === column
  const sorted = order === 'asc' ? 'ascending' : 'descending'
  return (
    <span role="columnheader" class={`cell-${column}`} aria-sort={isSorted ? sorted : 'none'}>
      <button type="button" class="sort-button" onClick={() => sortBy(model, column)}>
        {label}
        {isSorted && <Icon name={order === 'asc' ? 'up' : 'down'} />}
      </button>
    </span>
  )
}

/** A second click turns the order round; sizes and times begin with the largest. */
function sortBy({ query: { sort, order } }: FilesModel, column: SortColumn): void {
  const first = column === 'name' ? 'asc' : 'desc'
  const turned = order === 'asc' ? 'desc' : 'asc'
  const { segments, query } = place.value
  const next = { ...Object.fromEntries(query), sort: column, order: sort === column ? turned : first }
  navigate(hrefOf(segments, next), { replace: true })
}
