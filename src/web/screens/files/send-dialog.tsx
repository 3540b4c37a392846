import type { JSX } from 'preact'
import type { FileItem } from '../../../client/operations.ts'
import { t } from '../../i18n/t.ts'
import { Dialog } from '../../ui/dialog.tsx'

interface SendDialogProps {
  item: FileItem
  onClose: () => void
}

/** Orders a transfer of a file or folder to another place. */
export function SendDialog({ onClose }: SendDialogProps): JSX.Element {
  return (
    <Dialog title={t('files.action.send')} onClose={onClose}>
      <p>{t('files.comesSoon')}</p>
    </Dialog>
  )
}
