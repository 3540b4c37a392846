import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../../i18n/t.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Breadcrumb } from './breadcrumb.tsx'
import { chooseFiles } from './choose-files.ts'
import { openDialog } from './dialogs.ts'
import type { FilesModel } from './files-model.ts'
import { changeQuery } from './places.ts'

const TYPING_MS = 250

/** Where one is, and what can be done here: make, upload, look for, connect. */
export function FilesToolbar({ model }: { model: FilesModel }): JSX.Element {
  const { path, search } = model.query
  const { folder } = model.listing.view.value
  const mayWrite = search === '' && folder?.permissions.write === true
  return (
    <header class="files-head">
      <Breadcrumb model={model} />
      <div class="files-tools">
        <FilterField key={`${path}\n${search === ''}`} model={model} />
        <span class="actions">
          <Button icon="plus" disabled={!mayWrite} onClick={() => openDialog({ kind: 'new-folder' })}>
            {t('files.newFolder')}
          </Button>
          <Button icon="upload" kind="primary" disabled={!mayWrite} onClick={() => chooseFiles(path, false)}>
            {t('files.upload')}
          </Button>
          <Menu
            label={t('files.more')}
            items={[
              {
                label: t('files.uploadFolder'),
                icon: 'upload',
                disabled: !mayWrite,
                run: () => chooseFiles(path, true),
              },
              { label: t('files.refresh'), icon: 'retry', run: () => model.refresh() },
              { label: t('files.connect'), icon: 'plug', run: () => openDialog({ kind: 'connect' }) },
            ]}
          />
        </span>
      </div>
    </header>
  )
}

/** Typing shows only what fits in this folder; Enter looks in the whole drive. `/` goes here from anywhere. */
function FilterField({ model }: { model: FilesModel }): JSX.Element {
  const { filter, search } = model.query
  const [text, setText] = useState(search === '' ? filter : search)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => focusOnSlash(input), [])
  const isSearch = search !== ''
  const key = isSearch ? 'search' : 'q'
  useEffect(() => {
    if (text === (isSearch ? search : filter)) return
    const timer = window.setTimeout(() => changeQuery({ [key]: text === '' ? undefined : text }), TYPING_MS)
    return () => window.clearTimeout(timer)
  }, [text])
  const onKeyDown = (event: KeyboardEvent) => {
    const grid = document.querySelector<HTMLElement>('[role=grid]')
    if (event.key === 'Escape' && text !== '') {
      setText('')
      changeQuery({ q: undefined, search: undefined })
    } else if (event.key === 'Escape' || event.key === 'ArrowDown') grid?.focus()
    else if (event.key === 'Enter' && text !== '' && !isSearch)
      changeQuery({ q: undefined, search: text }, true)
    else return
    event.preventDefault()
  }
  return (
    <search class="filter">
      <Icon name="search" />
      <input
        ref={input}
        type="text"
        class="input"
        aria-label={t(isSearch ? 'files.searchLabel' : 'files.filterLabel')}
        placeholder={t('files.filterHint')}
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {text !== '' && (
        <IconButton
          icon="close"
          label={t('files.filterClear')}
          onClick={() => {
            setText('')
            changeQuery({ q: undefined, search: undefined })
            input.current?.focus()
          }}
        />
      )}
    </search>
  )
}

function focusOnSlash(input: { current: HTMLInputElement | null }): () => void {
  const onKey = (event: KeyboardEvent) => {
    const isTyping =
      event.target instanceof Element && event.target.closest('input, textarea, select, dialog')
    if (event.key !== '/' || event.ctrlKey || event.metaKey || isTyping) return
    event.preventDefault()
    input.current?.focus()
    input.current?.select()
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}
