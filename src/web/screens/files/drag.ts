import type { FileItem } from '../../../client/operations.ts'

const TYPE = 'application/x-causeway-files'

/** What is being dragged within the page; other pages are not told. */
let dragged: readonly FileItem[] = []

/** Begins to drag files and folders to another folder. */
export function startDrag(event: DragEvent, items: readonly FileItem[]): void {
  dragged = items
  event.dataTransfer?.setData(TYPE, '')
  if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = 'copyMove'
}

/** The files and folders of this page that are being dragged; undefined for what comes from elsewhere. */
export function draggedItems({ dataTransfer }: DragEvent): readonly FileItem[] | undefined {
  return dataTransfer?.types.includes(TYPE) ? dragged : undefined
}

/** Whether files of the computer are being dragged. */
export function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') === true
}

/** What makes an element one on which files can be dropped; it looks so while something is over it. */
export function dropTarget(onDrop: (event: DragEvent) => void) {
  const isMeant = (event: DragEvent) => draggedItems(event) !== undefined || hasFiles(event)
  const mark = (event: DragEvent, isOver: boolean) =>
    (event.currentTarget as HTMLElement).classList.toggle('drop-over', isOver)
  return {
    onDragOver(event: DragEvent) {
      if (!isMeant(event)) return
      event.preventDefault()
      event.stopPropagation()
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = effectOf(event)
      mark(event, true)
    },
    onDragLeave: (event: DragEvent) => void mark(event, false),
    onDrop(event: DragEvent) {
      mark(event, false)
      if (!isMeant(event)) return
      event.preventDefault()
      event.stopPropagation()
      onDrop(event)
    },
  }
}

function effectOf(event: DragEvent): 'copy' | 'move' {
  return hasFiles(event) || event.ctrlKey ? 'copy' : 'move'
}
