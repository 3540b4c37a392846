import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { parentOf } from '../../dav/paths.ts'
import { place } from '../../router.ts'
import { DetailsDrawer } from './details/details-drawer.tsx'
import { details } from './dialogs.ts'
import type { FilesModel } from './files-model.ts'
import { changeQuery } from './places.ts'
import { Preview } from './preview/preview.tsx'

/** What stands beside or over the list: the details of an entry, and a file that is shown. */
export function FilesOverlays({ model }: { model: FilesModel }): JSX.Element {
  const open = place.value.query.get('open')
  const { path } = model.query
  useEffect(() => {
    const shown = details.value
    // Details of what is not in this folder any more would be about nothing that can be seen.
    if (shown !== undefined && parentOf(shown.path) !== path && shown.path !== path) details.value = undefined
  }, [path])
  return (
    <>
      {details.value !== undefined && <DetailsDrawer model={model} {...details.value} />}
      {open !== null && (
        <Preview model={model} path={open} onClose={() => changeQuery({ open: undefined })} />
      )}
    </>
  )
}
