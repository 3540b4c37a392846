import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { FileItem } from '../../../../client/operations.ts'
import { api } from '../../../api.ts'
import { fileAddress } from '../../../dav/dav.ts'
import { formatBytes } from '../../../format.ts'
import { t } from '../../../i18n/t.ts'
import { Loading, Name } from '../../../ui/bits.tsx'
import { IconButton } from '../../../ui/button.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { useLoad } from '../../../ui/use-load.ts'
import type { FilesModel } from '../files-model.ts'
import { changeQuery } from '../places.ts'
import { PreviewContent } from './preview-content.tsx'

interface PreviewProps {
  model: FilesModel
  path: string
  onClose: () => void
}

/** A file shown over the list; the arrows go to the next and the one before. */
export function Preview({ model, path, onClose }: PreviewProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const { item, error, reload, previous, next } = useShown(model, path)
  useLayoutEffect(() => {
    dialog.current?.showModal()
    return () => dialog.current?.close()
  }, [])
  const show = (other: FileItem | undefined) => other && changeQuery({ open: other.path })
  const onKeyDown = (event: KeyboardEvent) => {
    // A player and a text have their own use for the arrows.
    if (event.target instanceof HTMLMediaElement || event.altKey || event.ctrlKey) return
    if (event.key === 'ArrowRight') show(next)
    else if (event.key === 'ArrowLeft') show(previous)
    else return
    event.preventDefault()
  }
  return (
    <dialog
      ref={dialog}
      class="preview"
      aria-label={t('files.preview.label', { name: item?.name ?? '' })}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onKeyDown={onKeyDown}
    >
      <header>
        <h2 class="truncate">{item !== undefined && <Name>{item.name}</Name>}</h2>
        {item !== undefined && <small>{formatBytes(item.sizeBytes)}</small>}
        <IconButton
          icon="left"
          label={t('files.preview.previous')}
          disabled={previous === undefined}
          onClick={() => show(previous)}
        />
        <IconButton
          icon="right"
          label={t('files.preview.next')}
          disabled={next === undefined}
          onClick={() => show(next)}
        />
        <a class="button quiet" href={fileAddress(path)} download>
          <Icon name="download" />
          <span>{t('files.action.download')}</span>
        </a>
        <IconButton icon="close" label={t('common.close')} onClick={onClose} />
      </header>
      <div class="preview-body">
        {error !== undefined && <ErrorNote error={error} onRetry={reload} />}
        {item === undefined && error === undefined && <Loading />}
        {item !== undefined && error === undefined && <PreviewContent key={item.path} item={item} />}
      </div>
    </dialog>
  )
}

/** The file itself, and its neighbours as far as the list is loaded. */
function useShown(model: FilesModel, path: string) {
  const files = model.listing.items.filter(({ kind }) => kind === 'file')
  const at = files.findIndex((file) => file.path === path)
  const { data, error, reload } = useLoad(
    async () => (at >= 0 ? undefined : await api.getFile({ query: { path } })),
    [path],
  )
  useEffect(() => {
    if (at >= 0 && at >= files.length - 2) void model.listing.loadTo(model.listing.items.length)
    if (at >= 0) model.goToPath(path)
  }, [path, at])
  const item: FileItem | undefined = files[at] ?? (data?.path === path ? data : undefined)
  return {
    item,
    error: item === undefined ? error : undefined,
    reload,
    previous: files[at - 1],
    next: at < 0 ? undefined : files[at + 1],
  }
}
