import type { FileItem } from '../../../client/operations.ts'
import { parentOf, segmentsOf } from '../../dav/paths.ts'
import { fileHref, hrefOf, navigate, place } from '../../router.ts'
import type { FilesQuery, SortColumn } from './files-model.ts'

const SORTS: readonly string[] = ['name', 'size', 'modified']

/** What the address asks to see. */
export function queryOfPlace(): FilesQuery {
  const { segments, query } = place.value
  const sort = query.get('sort') ?? ''
  return {
    path: `/${segments.slice(1).join('/')}`,
    sort: SORTS.includes(sort) ? (sort as SortColumn) : 'name',
    order: query.get('order') === 'desc' ? 'desc' : 'asc',
    filter: query.get('q') ?? '',
    search: query.get('search') ?? '',
  }
}

/** Where a click on an entry goes: into a folder; a file is shown over the list it stands in. */
export function openHref({ kind, path }: FileItem): string {
  if (kind === 'folder') return fileHref(path)
  const { segments, query } = place.value
  const here = segments[0] === 'files' ? segments : ['files', ...segmentsOf(parentOf(path))]
  return hrefOf(here, { ...Object.fromEntries(query), open: path })
}

/** A folder with one of its files shown; for addresses that name a file. */
export function fileInFolderHref(path: string): string {
  return hrefOf(['files', ...segmentsOf(parentOf(path))], { open: path })
}

/** The same place with another query; undefined takes a part of it away. */
export function changeQuery(change: Record<string, string | undefined>, isNewPlace = false): void {
  const { segments, query } = place.value
  const next = { ...Object.fromEntries(query), ...change }
  navigate(hrefOf(segments, next), isNewPlace ? { keepScroll: true } : { replace: true })
}
