import type { JSX } from 'preact'
import { useCallback, useEffect, useRef } from 'preact/hooks'
import type { FileItem } from '../../../client/operations.ts'
import { t } from '../../i18n/t.ts'
import { WindowList } from '../../ui/window-list.tsx'
import { FileRow } from './file-row.tsx'
import type { FilesModel } from './files-model.ts'
import { GridHead } from './grid-head.tsx'
import { actionOf, type GridAction } from './grid-keys.ts'
import { useRowHeight } from './row-height.ts'
import { chooseRange, goTo, toggle } from './selection.ts'

export interface GridHandlers {
  onOpen: (item: FileItem) => void
  onRename: (item: FileItem) => void
  onDelete: (items: readonly FileItem[]) => void
  onDropOn: (event: DragEvent, folder: string) => void
  onUp: () => void
}

interface FileGridProps {
  model: FilesModel
  handlers: GridHandlers
}

/** The table of a folder (ARIA grid): the keyboard is on one row, rows that are far away are not in the document. */
export function FileGrid({ model, handlers }: FileGridProps): JSX.Element {
  const rowHeight = useRowHeight()
  const grid = useRef<HTMLDivElement>(null)
  const { rows } = model.listing.view.value
  const { active, chosen } = model.selection.value
  const onSeen = useCallback((_: number, last: number) => void model.listing.loadTo(last - 1), [model])
  useEffect(() => void model.listing.loadTo(active), [model, active])
  const onKeyDown = (event: KeyboardEvent) => {
    const isText = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox'
    if (event.defaultPrevented || isText) return
    // Buttons and links in a row keep their own keys.
    const isControl = event.target !== grid.current && ['Enter', ' '].includes(event.key)
    const pageRows = Math.max(1, Math.floor(window.innerHeight / rowHeight) - 4)
    const action = isControl ? undefined : actionOf(event, { active, count: rows.length, pageRows })
    if (action === undefined) return
    event.preventDefault()
    act(action, model, handlers)
  }
  return (
    <div
      class={model.query.search === '' ? 'file-grid' : 'file-grid with-places'}
      ref={grid}
      role="grid"
      tabIndex={0}
      aria-label={t('files.grid')}
      aria-multiselectable
      aria-rowcount={rows.length + 1}
      aria-activedescendant={rows.length > 0 ? rowId(active) : undefined}
      onKeyDown={onKeyDown}
    >
      <GridHead model={model} />
      <WindowList
        label={t('files.grid')}
        items={rows}
        rowHeight={rowHeight}
        keyOf={(item, index) => item?.path ?? `${index}`}
        onSeen={onSeen}
        activeIndex={active}
        row={(item, index) =>
          item === undefined ? (
            <div class="file-row" role="row" aria-rowindex={index + 2} id={rowId(index)}>
              <span role="gridcell" class="soft">
                …
              </span>
            </div>
          ) : (
            <FileRow
              model={model}
              item={item}
              index={index}
              isActive={index === active}
              isChosen={chosen.has(item.path)}
              isEditing={model.editing.value === item.path}
              handlers={handlers}
            />
          )
        }
      />
    </div>
  )
}

export function rowId(index: number): string {
  return `file-row-${index}`
}

function act(action: GridAction, model: FilesModel, handlers: GridHandlers): void {
  const { selection, listing, active, targets } = model
  if (action.kind === 'go') void go(model, action)
  else if (action.kind === 'all') void model.chooseAll()
  else if (action.kind === 'none') model.chooseNone()
  else if (action.kind === 'up') handlers.onUp()
  else if (action.kind === 'delete') handlers.onDelete(targets)
  else if (action.kind === 'toggle') {
    selection.value = toggle(selection.value, listing.view.value.rows, selection.value.active)
  } else if (active !== undefined) {
    if (action.kind === 'open') handlers.onOpen(active)
    else if (action.kind === 'rename') handlers.onRename(active)
    else openMenuAtRow(model, active)
  }
}

/** A range is of rows that are known: what lies between is loaded first. */
async function go(model: FilesModel, { to, isRange }: { to: number; isRange: boolean }): Promise<void> {
  const { selection, listing } = model
  if (!isRange) {
    selection.value = goTo(selection.value, to, listing.view.value.rows.length)
    return
  }
  await listing.loadTo(to)
  selection.value = chooseRange(selection.value, listing.view.value.rows, to)
}

function openMenuAtRow(model: FilesModel, item: FileItem): void {
  const row = document.getElementById(rowId(model.selection.value.active))?.getBoundingClientRect()
  model.menu.value = { item, x: (row?.left ?? 0) + 48, y: row?.bottom ?? 0 }
}
