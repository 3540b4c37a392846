import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { FileItem } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { isWithin, joinPath, parentOf, segmentsOf } from '../../dav/paths.ts'
import { t } from '../../i18n/t.ts'
import { Loading, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Icon } from '../../ui/icons.tsx'
import { MoreError } from '../../ui/pages-view.tsx'
import { usePages } from '../../ui/use-pages.ts'
import { folderName } from './actions.ts'

interface FolderPickerProps {
  purpose: 'move' | 'copy'
  items: readonly FileItem[]
  start: string
  onClose: () => void
  onChosen: (folder: string) => Promise<void>
}

const PAGE = 200

/** Chooses a folder of the drive by going through it. */
export function FolderPicker({ purpose, items, start, onClose, onChosen }: FolderPickerProps): JSX.Element {
  const [path, setPath] = useState(start)
  const isSame = purpose === 'move' && items.every((item) => parentOf(item.path) === path)
  const isInside = items.some((item) => item.kind === 'folder' && isWithin(path, item.path))
  const choose = () => {
    onClose()
    return onChosen(path)
  }
  return (
    <Dialog
      title={t(purpose === 'move' ? 'files.pick.move' : 'files.pick.copy', {
        n: items.length,
        name: items[0]?.name ?? '',
      })}
      size="medium"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" disabled={isSame || isInside} onClick={choose}>
            {t(purpose === 'move' ? 'files.pick.moveHere' : 'files.pick.copyHere', {
              folder: folderName(path),
            })}
          </Button>
        </>
      }
    >
      <PickerPath path={path} onPath={setPath} />
      <Folders
        key={path}
        path={path}
        onPath={setPath}
        refused={purpose === 'move' ? items.map((item) => item.path) : []}
      />
    </Dialog>
  )
}

function PickerPath({ path, onPath }: { path: string; onPath: (path: string) => void }): JSX.Element {
  const names = segmentsOf(path)
  return (
    <nav class="breadcrumb small" aria-label={t('files.breadcrumb')}>
      <ol>
        <li>
          <button type="button" class="link-button" onClick={() => onPath('/')}>
            {t('files.title')}
          </button>
        </li>
        {names.map((name, index) => (
          <li key={`${index}${name}`}>
            <Icon name="right" />
            <button
              type="button"
              class="link-button truncate"
              onClick={() => onPath(joinPath('/', ...names.slice(0, index + 1)))}
            >
              <Name>{name}</Name>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}

interface FoldersProps {
  path: string
  onPath: (path: string) => void
  refused: readonly string[]
}

/** Folders come first in every page, so files end the list. */
function Folders({ path, onPath, refused }: FoldersProps): JSX.Element {
  const pages = usePages(
    (cursor) => api.listFiles({ query: { path, limit: PAGE, ...(cursor !== undefined && { cursor }) } }),
    [path],
  )
  const folders = pages.items.filter(({ kind }) => kind === 'folder')
  const isEnd = !pages.hasMore || pages.items.length > folders.length
  if (pages.error !== undefined) return <ErrorNote error={pages.error} onRetry={pages.reload} />
  if (pages.isLoading && folders.length === 0) return <Loading />
  return (
    <div class="picker">
      {folders.length === 0 && <p class="soft">{t('files.pick.none')}</p>}
      <ul>
        {folders.map((folder) => (
          <li key={folder.path}>
            <button
              type="button"
              class="menu-item"
              disabled={!folder.permissions.write || refused.includes(folder.path)}
              onClick={() => onPath(folder.path)}
            >
              <Icon name="folder" />
              <Name>{folder.name}</Name>
            </button>
          </li>
        ))}
      </ul>
      <MoreError pages={pages} />
      {!isEnd && pages.moreError === undefined && (
        <Button onClick={pages.loadMore}>{t('common.more')}</Button>
      )}
    </div>
  )
}
