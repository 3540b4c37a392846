import type { JSX } from 'preact'
import type { TrashedFile } from '../../../client/operations.ts'
import { nameOf, parentOf } from '../../dav/paths.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Name } from '../../ui/bits.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { folderName } from './actions.ts'

interface TrashRowProps {
  item: TrashedFile
  index: number
  isChosen: boolean
  onChoose: () => void
  onRestore: () => Promise<void>
  onRemove: () => Promise<void>
}

/** Something that was deleted: what it was called, where it lay, and the two things that can become of it. */
export function TrashRow({
  item,
  index,
  isChosen,
  onChoose,
  onRestore,
  onRemove,
}: TrashRowProps): JSX.Element {
  const name = nameOf(item.path)
  return (
    <div class={`file-row${isChosen ? ' chosen' : ''}`} role="row" aria-rowindex={index + 2}>
      <span role="cell" class="cell-check">
        <input
          type="checkbox"
          aria-label={t('common.select', { name })}
          checked={isChosen}
          onChange={onChoose}
        />
      </span>
      <span role="cell" class="cell-name">
        <Icon name={item.kind} class={item.kind} />
        <span class="name-cell">
          <span class="truncate" title={name}>
            <Name>{name}</Name>
          </span>
          <small class="truncate">
            {t('trash.from', { folder: folderName(parentOf(item.path)) })}
            <span class="row-meta">
              {' '}
              · {formatBytes(item.sizeBytes)} · <Ago at={item.deletedAt} />
            </span>
          </small>
        </span>
      </span>
      <span role="cell" class="cell-size">
        {formatBytes(item.sizeBytes)}
      </span>
      <span role="cell" class="cell-modified">
        <Ago at={item.deletedAt} />
      </span>
      <span role="cell" class="cell-trash-actions">
        <span class="only-wide">
          <Button icon="restore" kind="quiet" onClick={onRestore}>
            {t('trash.restore')}
          </Button>
        </span>
        <span class="only-small">
          <IconButton icon="restore" label={t('trash.restoreOne', { name })} onClick={onRestore} />
        </span>
        <IconButton icon="close" label={t('trash.removeOne', { name })} onClick={onRemove} />
      </span>
    </div>
  )
}
