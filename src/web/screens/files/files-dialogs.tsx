import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { ConnectDialog } from '../settings/connect-dialog.tsx'
import { relocateTo } from './actions.ts'
import { closeDialog, dialog } from './dialogs.ts'
import type { FilesModel } from './files-model.ts'
import { FolderPicker } from './folder-picker.tsx'
import { NewFolderDialog } from './new-folder-dialog.tsx'
import { SendDialog } from './send-dialog.tsx'

/** The dialog that is open over the files. */
export function FilesDialogs({ model }: { model: FilesModel }): JSX.Element | null {
  useEffect(() => closeDialog, [])
  const open = dialog.value
  if (open === undefined) return null
  if (open.kind === 'new-folder') return <NewFolderDialog model={model} onClose={closeDialog} />
  if (open.kind === 'connect') return <ConnectDialog onClose={closeDialog} />
  if (open.kind === 'send') return <SendDialog item={open.item} onClose={closeDialog} />
  const { purpose, items } = open
  return (
    <FolderPicker
      purpose={purpose}
      items={items}
      start={model.query.path}
      onClose={closeDialog}
      onChosen={(folder) => relocateTo(model, purpose, items, folder)}
    />
  )
}
