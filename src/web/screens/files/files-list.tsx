import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { isProblem } from '../../api.ts'
import { parentOf } from '../../dav/paths.ts'
import { t } from '../../i18n/t.ts'
import { fileHref, navigate } from '../../router.ts'
import { Empty, Loading } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { deleteItems } from './actions.ts'
import { chooseFiles } from './choose-files.ts'
import { dropFiles } from './drop.ts'
import { FileGrid, type GridHandlers } from './file-grid.tsx'
import type { FilesModel } from './files-model.ts'
import { ItemMenu } from './item-menu.tsx'
import { changeQuery, openHref } from './places.ts'
import { SelectionBar } from './selection-bar.tsx'

/** The rows, or what stands in their place: a word while they load, an error, or what to do in an empty folder. */
export function FilesList({ model }: { model: FilesModel }): JSX.Element {
  const { rows, isLoading, error, hasMore } = model.listing.view.value
  const { chosen } = model.selection.value
  const handlers = handlersOf(model)
  useEffect(() => {
    const grid = document.querySelector<HTMLElement>('[role=grid]')
    if (document.activeElement === document.body) grid?.focus({ preventScroll: true })
  }, [rows.length > 0])
  if (error !== undefined && rows.length === 0) return <FolderError model={model} error={error} />
  if (rows.length === 0 && (isLoading || hasMore)) return <Loading />
  if (rows.length === 0) return <EmptyFolder model={model} />
  return (
    <>
      {chosen.size > 0 && <SelectionBar model={model} />}
      <FileGrid model={model} handlers={handlers} />
      {error !== undefined && <ErrorNote error={error} onRetry={() => model.refresh()} />}
      {model.query.search !== '' && hasMore && (
        <p class="actions more-found">
          <Button onClick={() => model.listing.loadTo(rows.length)}>{t('common.more')}</Button>
        </p>
      )}
      <ItemMenu model={model} />
    </>
  )
}

function handlersOf(model: FilesModel): GridHandlers {
  const { path, search } = model.query
  return {
    onOpen: (item) => navigate(openHref(item), item.kind === 'file' ? { keepScroll: true } : {}),
    onRename: (item) => {
      if (item.permissions.move) model.editing.value = item.path
    },
    onDelete: (items) => {
      const may = items.filter(({ permissions }) => permissions.delete)
      if (may.length > 0) void deleteItems(model, may)
    },
    onDropOn: (event, folder) => void dropFiles(event, model, folder),
    onUp: () => {
      if (search !== '') changeQuery({ search: undefined })
      else if (path !== '/') navigate(fileHref(parentOf(path)))
    },
  }
}

/** Why a folder cannot be shown: gone, or its server is away; never an endless wait. */
function FolderError({ model, error }: { model: FilesModel; error: unknown }): JSX.Element {
  const { path } = model.query
  if (isProblem(error) && error.status === 404) {
    return (
      <Empty
        icon="warning"
        title={t('files.gone.title')}
        action={
          <a class="button primary" href={fileHref(parentOf(path))}>
            {t('files.gone.action')}
          </a>
        }
      >
        {t('files.gone.text')}
      </Empty>
    )
  }
  const isAway = isProblem(error) && [502, 503, 504].includes(error.status)
  return (
    <>
      {isAway && <p class="soft">{t('files.away')}</p>}
      <ErrorNote error={error} onRetry={() => model.refresh()} />
    </>
  )
}

function EmptyFolder({ model }: { model: FilesModel }): JSX.Element {
  const { filter, search, path } = model.query
  const { folder } = model.listing.view.value
  if (search !== '') return <Empty icon="search" title={t('files.empty.search', { text: search })} />
  if (filter !== '') {
    return (
      <Empty
        icon="search"
        title={t('files.empty.filter', { text: filter })}
        action={
          <Button onClick={() => changeQuery({ q: undefined, search: filter })}>
            {t('files.searchAll', { text: filter })}
          </Button>
        }
      />
    )
  }
  if (folder?.permissions.write !== true) return <Empty icon="folder" title={t('files.empty.title')} />
  return (
    <Empty
      icon="upload"
      title={t(path === '/' ? 'files.empty.drive' : 'files.empty.title')}
      action={
        <Button kind="primary" icon="upload" onClick={() => chooseFiles(path, false)}>
          {t('files.uploadFiles')}
        </Button>
      }
    >
      {t('files.empty.text')}
    </Empty>
  )
}
