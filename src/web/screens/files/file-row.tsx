import type { JSX } from 'preact'
import type { FileItem } from '../../../client/operations.ts'
import { parentOf } from '../../dav/paths.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { fileHref } from '../../router.ts'
import { Ago, Chip, Name } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { folderName } from './actions.ts'
import { dropTarget, startDrag } from './drag.ts'
import type { GridHandlers } from './file-grid.tsx'
import { rowId } from './file-grid.tsx'
import type { FilesModel } from './files-model.ts'
import { iconOf } from './kinds.ts'
import { NameEditor } from './name-editor.tsx'
import { openHref } from './places.ts'
import { chooseOnly, chooseRange, toggle } from './selection.ts'

interface FileRowProps {
  model: FilesModel
  item: FileItem
  index: number
  isActive: boolean
  isChosen: boolean
  isEditing: boolean
  handlers: GridHandlers
}

/** One file or folder in the list. */
export function FileRow(props: FileRowProps): JSX.Element {
  const { model, item, index, isActive, isChosen, isEditing, handlers } = props
  const { listing, selection } = model
  const onClick = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('a, button, input') !== null) return
    const { rows } = listing.view.value
    if (event.shiftKey) selection.value = chooseRange(selection.value, rows, index)
    else if (event.ctrlKey || event.metaKey) selection.value = toggle(selection.value, rows, index)
    else selection.value = chooseOnly(rows, index)
  }
  const openMenu = (x: number, y: number) => {
    // What is chosen is meant when the row belongs to it; otherwise this row alone.
    if (!isChosen) selection.value = { ...selection.value, active: index, anchor: index, chosen: new Map() }
    model.menu.value = { item, x, y }
  }
  const takesDrops = item.kind === 'folder' && item.permissions.write && item.isMountBroken === undefined
  return (
    // Keys are the grid's.
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      id={rowId(index)}
      class={`file-row${isActive ? ' active' : ''}${isChosen ? ' chosen' : ''}`}
      role="row"
      aria-selected={isChosen}
      aria-rowindex={index + 2}
      draggable={!isEditing}
      onDragStart={(event) => startDrag(event, isChosen ? model.targets : [item])}
      {...(takesDrops ? dropTarget((event) => handlers.onDropOn(event, item.path)) : {})}
      onClick={onClick}
      onDblClick={(event) => {
        if (!(event.target instanceof Element && event.target.closest('a, button, input')))
          handlers.onOpen(item)
      }}
      onContextMenu={(event) => {
        event.preventDefault()
        openMenu(event.clientX, event.clientY)
      }}
    >
      <span role="gridcell" class="cell-check">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={t('common.select', { name: item.name })}
          checked={isChosen}
          onClick={(event) => {
            const { rows } = listing.view.value
            selection.value = event.shiftKey
              ? chooseRange(selection.value, rows, index)
              : toggle(selection.value, rows, index)
          }}
        />
      </span>
      <span role="gridcell" class="cell-name">
        <Icon name={iconOf(item)} class={item.kind} />
        {isEditing ? <NameEditor model={model} item={item} /> : <NameCell item={item} />}
      </span>
      {model.query.search !== '' && (
        <span role="gridcell" class="cell-place">
          <a class="truncate" tabIndex={-1} href={fileHref(parentOf(item.path))}>
            {folderName(parentOf(item.path))}
          </a>
        </span>
      )}
      <span role="gridcell" class="cell-size">
        {sizeOf(item)}
      </span>
      <span role="gridcell" class="cell-modified">
        <Ago at={item.modifiedAt} />
      </span>
      <span role="gridcell" class="cell-shared">
        <Marks item={item} />
      </span>
      <span role="gridcell" class="cell-actions">
        <button
          type="button"
          class="icon-button"
          tabIndex={isActive ? 0 : -1}
          aria-label={t('files.menuOf', { name: item.name })}
          aria-haspopup="menu"
          onClick={(event) => {
            const { right, bottom } = event.currentTarget.getBoundingClientRect()
            openMenu(right - 210, bottom)
          }}
        >
          <Icon name="more" />
        </button>
      </span>
    </div>
  )
}

function NameCell({ item }: { item: FileItem }): JSX.Element {
  return (
    <span class="name-cell">
      <a class="truncate" tabIndex={-1} draggable={false} href={openHref(item)} title={item.name}>
        <Name>{item.name}</Name>
      </a>
      <small class="row-meta">
        {sizeOf(item) !== '' && <>{sizeOf(item)} · </>}
        <Ago at={item.modifiedAt} />
        {item.received?.owner !== undefined && <> · {item.received.owner.displayName}</>}
      </small>
    </span>
  )
}

function sizeOf({ sizeBytes, isMountBroken }: FileItem): string {
  return isMountBroken === true ? '' : formatBytes(sizeBytes)
}

/** With whom it is shared, or from whom it comes. */
function Marks({ item: { shared, received, isMountBroken } }: { item: FileItem }): JSX.Element | null {
  if (isMountBroken === true) {
    return (
      <Chip tone="bad" icon="warning">
        {t('files.mark.broken')}
      </Chip>
    )
  }
  if (received !== undefined) {
    const name = received.owner?.displayName || received.owner?.address || ''
    return (
      <span class="mark" title={t('files.mark.from', { name: received.owner?.address ?? name })}>
        <Icon name="inbox" />
        <span class="truncate">{name}</span>
      </span>
    )
  }
  if (shared === undefined) return null
  return (
    <span class="mark">
      {shared.given > 0 && (
        <span class="mark" title={t('files.mark.given', { n: shared.given })}>
          <Icon name="people" label={t('files.mark.given', { n: shared.given })} />
          {shared.given}
        </span>
      )}
      {shared.link && (
        <span class="mark" title={t('files.mark.link')}>
          <Icon name="link" label={t('files.mark.link')} />
        </span>
      )}
    </span>
  )
}
