import type { ComponentChildren, JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { siteName } from '../../session.ts'
import { Loading } from '../../ui/bits.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { MorePages } from '../../ui/pages-view.tsx'
import type { Pages } from '../../ui/use-pages.ts'

interface ListScreenProps<T> {
  title: string
  actions?: ComponentChildren
  pages: Pages<T>
  /** What is shown of the list; all of it when left out. */
  keep?: (item: T) => boolean
  empty: ComponentChildren
  keyOf: (item: T) => string
  row: (item: T) => ComponentChildren
}

/** A screen that is one list: its title, what can be done, the rows or why there are none. */
export function ListScreen<T>(props: ListScreenProps<T>): JSX.Element {
  const { title, actions, pages, keep = () => true, empty, keyOf, row } = props
  useEffect(() => {
    document.title = `${title} · ${siteName.value}`
  }, [title])
  const items = pages.items.filter(keep)
  const isFirst = pages.isLoading && pages.items.length === 0
  return (
    <>
      <header class="screen-head">
        <h1>{title}</h1>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {pages.error !== undefined && <ErrorNote error={pages.error} onRetry={pages.reload} />}
      {isFirst && <Loading />}
      {!isFirst && items.length === 0 && pages.error === undefined && empty}
      {items.length > 0 && (
        <ul class="list">
          {items.map((item) => (
            <li key={keyOf(item)}>{row(item)}</li>
          ))}
        </ul>
      )}
      <MorePages pages={pages} />
    </>
  )
}
