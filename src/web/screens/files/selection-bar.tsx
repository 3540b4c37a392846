import type { JSX } from 'preact'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import type { FilesModel } from './files-model.ts'
import { manyItems } from './item-menu.tsx'

/** What can be done with everything that is chosen. */
export function SelectionBar({ model }: { model: FilesModel }): JSX.Element {
  const items = [...model.selection.value.chosen.values()]
  const sizeBytes = items.reduce((sum, item) => sum + item.sizeBytes, 0)
  return (
    <section class="selection-bar" aria-label={t('files.selection')}>
      <IconButton icon="close" label={t('files.selectNone')} onClick={() => model.chooseNone()} />
      <p aria-live="polite">
        {t('files.selected', { n: items.length })} <small>{formatBytes(sizeBytes)}</small>
      </p>
      <span class="actions">
        {manyItems(model, items).map(({ label, icon, tone, disabled, run }) => (
          <Button
            key={label}
            kind={tone === 'danger' ? 'danger' : 'quiet'}
            {...(icon !== undefined && { icon })}
            disabled={disabled === true}
            onClick={() => run?.()}
          >
            {label}
          </Button>
        ))}
      </span>
    </section>
  )
}
