import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { isProblem } from '../../api.ts'
import { makeFolder } from '../../dav/dav.ts'
import { findNameFault } from '../../dav/naming.ts'
import { joinPath } from '../../dav/paths.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { showError } from '../../ui/toasts.tsx'
import type { FilesModel } from './files-model.ts'

interface NewFolderDialogProps {
  model: FilesModel
  onClose: () => void
}

export function NewFolderDialog({ model, onClose }: NewFolderDialogProps): JSX.Element {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  const make = async () => {
    const fault = findNameFault(name)
    if (isBusy) return
    if (fault !== undefined) return setProblem(t(`files.fault.${fault}`, { name }))
    const path = joinPath(model.query.path, name)
    setBusy(true)
    try {
      await makeFolder(path)
      onClose()
      await model.refresh()
      model.goToPath(path)
    } catch (error) {
      if (isProblem(error) && error.status === 405) return setProblem(t('files.nameTaken'))
      showError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={t('files.newFolder')}
      onClose={onClose}
      onSubmit={make}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={isBusy}>
            {t('files.newFolderMake')}
          </Button>
        </>
      }
    >
      <Field
        label={t('common.name')}
        value={name}
        onValue={(value) => {
          setName(value)
          setProblem(undefined)
        }}
        problem={problem}
        autocomplete="off"
        autofocus
      />
    </Dialog>
  )
}
