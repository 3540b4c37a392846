import { pickedOf } from '../../upload/collect.ts'
import { upload } from '../../upload/uploads.ts'

/** Opens the browser's own window for files, or for a folder, and uploads what is chosen there. */
export function chooseFiles(folder: string, isFolder: boolean): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.webkitdirectory = isFolder
  input.addEventListener('change', () => upload(folder, pickedOf(input.files ?? [])))
  input.click()
}
