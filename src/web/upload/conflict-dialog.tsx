import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { nameOf, parentOf } from '../dav/paths.ts'
import { t } from '../i18n/t.ts'
import { Name } from '../ui/bits.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Check } from '../ui/field.tsx'
import { type OpenConflict, openConflict } from './conflicts.ts'
import type { ConflictChoice } from './types.ts'

/** Asks what to do where a name is taken. */
export function ConflictDialog(): JSX.Element | null {
  const conflict = openConflict.value
  return conflict === undefined ? null : <Question key={conflict.path} conflict={conflict} />
}

function Question({ conflict }: { conflict: OpenConflict }): JSX.Element {
  const [forAll, setForAll] = useState(false)
  const choose = (choice: ConflictChoice) => conflict.answer({ choice, forAll })
  const folder = nameOf(parentOf(conflict.path))
  return (
    <Dialog
      title={t('files.conflict.title')}
      onClose={() => choose('skip')}
      onSubmit={() => choose('both')}
      footer={
        <>
          <Button kind="quiet" onClick={() => choose('skip')}>
            {t('files.conflict.skip')}
          </Button>
          <Button onClick={() => choose('replace')}>{t('files.conflict.replace')}</Button>
          <Button kind="primary" type="submit">
            {t('files.conflict.both')}
          </Button>
        </>
      }
    >
      <p>
        <Name>{nameOf(conflict.path)}</Name>{' '}
        {folder === '' ? t('files.conflict.thereRoot') : t('files.conflict.there', { folder })}
      </p>
      <p class="soft">{t(conflict.isFolder ? 'files.conflict.hintFolder' : 'files.conflict.hint')}</p>
      {conflict.isBatch && (
        <Check label={t('files.conflict.forAll')} checked={forAll} onChecked={setForAll} />
      )}
    </Dialog>
  )
}
