import type { JSX } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import { isProblem } from '../../api.ts'
import { nameOf } from '../../dav/paths.ts'
import { visibleName } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { navigate, place } from '../../router.ts'
import { siteName } from '../../session.ts'
import { dropTarget } from './drag.ts'
import { dropFiles } from './drop.ts'
import { FilesDialogs } from './files-dialogs.tsx'
import { FilesList } from './files-list.tsx'
import { useFilesLive } from './files-live.ts'
import { FilesModel } from './files-model.ts'
import { FilesToolbar } from './files-toolbar.tsx'
import { FilesOverlays } from './overlays.tsx'
import { fileInFolderHref, queryOfPlace } from './places.ts'

/** The drive: one folder of it, or what a search found. */
export function Screen(): JSX.Element {
  const query = queryOfPlace()
  const model = useMemo(() => new FilesModel(query), Object.values(query))
  const { path, search } = query
  useEffect(() => {
    void model.listing.loadTo(0)
    return () => model.listing.close()
  }, [model])
  useFilesLive(model)
  useFileAddress(model)
  useEffect(() => {
    const name = search === '' ? nameOf(path) : search
    document.title = `${name === '' ? t('files.title') : visibleName(name)} · ${siteName.value}`
  }, [path, search])
  const { folder } = model.listing.view.value
  const mayWrite = search === '' && folder?.permissions.write === true
  return (
    <div class="files" {...(mayWrite ? dropTarget((event) => void dropFiles(event, model, path)) : {})}>
      <FilesToolbar model={model} />
      <div class="files-body">
        <div class="files-main">
          <FilesList model={model} />
        </div>
        <FilesOverlays model={model} />
      </div>
      <FilesDialogs model={model} />
    </div>
  )
}

/** An address that names a file shows it in its folder. */
function useFileAddress(model: FilesModel): void {
  const { error } = model.listing.view.value
  useEffect(() => {
    if (!isProblem(error, 'NOT_A_FOLDER') || place.value.segments[0] !== 'files') return
    navigate(fileInFolderHref(model.query.path), { replace: true })
  }, [error, model])
}
