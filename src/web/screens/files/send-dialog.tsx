import type { JSX } from 'preact'
import type { FileItem } from '../../../client/operations.ts'
import { NewTransferDialog } from '../transfers/new-transfer.tsx'

interface SendDialogProps {
  item: FileItem
  onClose: () => void
}

/** Orders a transfer of a file or folder to another place. */
export function SendDialog({ item, onClose }: SendDialogProps): JSX.Element {
  return <NewTransferDialog source={{ path: item.path }} onClose={onClose} />
}
