import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { FileItem } from '../../../client/operations.ts'
import { isProblem } from '../../api.ts'
import { moveEntry } from '../../dav/dav.ts'
import { findNameFault, stemLength } from '../../dav/naming.ts'
import { joinPath, parentOf } from '../../dav/paths.ts'
import { t } from '../../i18n/t.ts'
import { showDone, showError } from '../../ui/toasts.tsx'
import type { FilesModel } from './files-model.ts'

/** The name of a row as a line of input: Enter takes it, Escape leaves it as it was. */
export function NameEditor({ model, item }: { model: FilesModel; item: FileItem }): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState('')
  const isDone = useRef(false)
  // Before the next key comes, and once: a listing that arrives meanwhile must not select what was typed.
  useLayoutEffect(() => {
    const length = item.kind === 'file' ? stemLength(item.name) : item.name.length
    input.current?.focus()
    input.current?.setSelectionRange(0, length)
  }, [item.path])
  const close = () => {
    isDone.current = true
    model.editing.value = undefined
    input.current?.closest<HTMLElement>('[role=grid]')?.focus({ preventScroll: true })
  }
  const take = async () => {
    const name = input.current?.value ?? item.name
    if (isDone.current) return
    if (name === item.name) return close()
    const fault = findNameFault(name)
    if (fault !== undefined) return setProblem(t(`files.fault.${fault}`, { name }))
    isDone.current = true
    try {
      await rename(model, item, name)
      close()
    } catch (error) {
      isDone.current = false
      if (isProblem(error) && error.status === 412) return setProblem(t('files.nameTaken'))
      close()
      showError(error)
    }
  }
  return (
    <span class="name-editor">
      <input
        ref={input}
        class="input"
        aria-label={t('files.newName', { name: item.name })}
        aria-invalid={problem !== ''}
        defaultValue={item.name}
        spellcheck={false}
        autocapitalize="none"
        onInput={() => setProblem('')}
        onBlur={() => (problem === '' ? void take() : close())}
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'Enter') void take()
          if (event.key === 'Escape') close()
        }}
      />
      {problem !== '' && (
        <span class="name-problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  )
}

async function rename(model: FilesModel, item: FileItem, name: string): Promise<void> {
  const path = joinPath(parentOf(item.path), name)
  await moveEntry({ from: item.path, to: path, overwrite: false })
  model.listing.replace(item.path, { ...item, name, path })
  model.selection.value = { ...model.selection.value, chosen: new Map() }
  const undo = async () => {
    await moveEntry({ from: path, to: item.path, overwrite: false })
    await model.refresh()
  }
  showDone(t('files.done.renamed'), { label: t('common.undo'), run: undo })
  await model.refresh()
  model.goToPath(path)
}
