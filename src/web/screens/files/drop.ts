import { showError } from '../../ui/toasts.tsx'
import { pickedFromDrop } from '../../upload/collect.ts'
import { upload } from '../../upload/uploads.ts'
import { relocateTo } from './actions.ts'
import { draggedItems } from './drag.ts'
import type { FilesModel } from './files-model.ts'

/** Takes what was dropped on a folder: files of the computer are uploaded, those of the page moved, or copied with Ctrl. */
export async function dropFiles(event: DragEvent, model: FilesModel, folder: string): Promise<void> {
  const items = draggedItems(event)
  const kind = event.ctrlKey ? 'copy' : 'move'
  try {
    if (items !== undefined) await relocateTo(model, kind, items, folder)
    else if (event.dataTransfer !== null) upload(folder, await pickedFromDrop(event.dataTransfer))
  } catch (error) {
    showError(error)
  }
}
