import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/t.ts'
import { Loading } from './bits.tsx'
import { Button } from './button.tsx'
import { ErrorNote } from './error-note.tsx'
import type { Pages } from './use-pages.ts'

interface PagesViewProps<T> {
  of: Pages<T>
  /** What stands there when the list has nothing. */
  empty: ComponentChildren
  children: (items: readonly T[]) => ComponentChildren
}

/** A list in pages: until the first is there that it loads, why it could not, and its end, from where it goes on. */
export function PagesView<T>({ of: pages, empty, children }: PagesViewProps<T>): JSX.Element {
  const { items, error, isLoading, reload } = pages
  const isEmpty = items.length === 0
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={reload} />}
      {!isEmpty && children(items)}
      {isEmpty && isLoading && <Loading />}
      {isEmpty && !isLoading && error === undefined && empty}
      <MorePages pages={pages} />
    </>
  )
}

/** How far before its end is in sight a list is asked for more. */
const AHEAD = '600px'

/** The end of a list in pages: what follows comes when it is in sight, or by its button. */
export function MorePages<T>({ pages }: { pages: Pages<T> }): JSX.Element | null {
  const ref = useRef<HTMLDivElement>(null)
  const latest = useRef(pages)
  latest.current = pages
  const { hasMore } = pages
  const { length } = pages.items
  // Anew with every page: what is still in sight then is told again. A page that failed waits for the button.
  useEffect(() => {
    if (ref.current === null) return
    const observer = new IntersectionObserver(
      (seen) => {
        const { moreError, loadMore } = latest.current
        if (moreError === undefined && seen.some(({ isIntersecting }) => isIntersecting)) void loadMore()
      },
      { rootMargin: AHEAD },
    )
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [hasMore, length])
  if (!hasMore) return null
  return (
    <div ref={ref}>
      <MoreError pages={pages} />
      {pages.moreError === undefined && <Button onClick={pages.loadMore}>{t('common.more')}</Button>}
    </div>
  )
}

/** Why the next page did not come, where it would stand. */
export function MoreError<T>({ pages: { moreError, loadMore } }: { pages: Pages<T> }): JSX.Element | null {
  return moreError === undefined ? null : <ErrorNote error={moreError} onRetry={loadMore} />
}
