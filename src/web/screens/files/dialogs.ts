import { signal } from '@preact/signals'
import type { FileItem } from '../../../client/operations.ts'

/** The dialog that is open over the files, if any. */
export type OpenFilesDialog =
  | { kind: 'new-folder' }
  | { kind: 'connect' }
  | { kind: 'pick'; purpose: 'move' | 'copy'; items: readonly FileItem[] }
  | { kind: 'send'; item: FileItem }

export const dialog = signal<OpenFilesDialog | undefined>(undefined)

export function openDialog(which: OpenFilesDialog): void {
  dialog.value = which
}

export function closeDialog(): void {
  dialog.value = undefined
}

export type DetailsTab = 'sharing' | 'activity' | 'versions' | 'info'

/** Whose details are shown beside the list, and which part of them. */
export const details = signal<{ path: string; tab: DetailsTab } | undefined>(undefined)

export function showDetails(path: string, tab: DetailsTab = 'sharing'): void {
  details.value = { path, tab }
}
