import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { oneAtATime } from './one-at-a-time.ts'
import { useLoad } from './use-load.ts'

export interface Page<T> {
  items: T[]
  nextCursor?: string | null | undefined
}

export interface Pages<T> {
  items: readonly T[]
  /** Why the list could not be loaded. */
  error: unknown
  /** Why the next page did not come; `loadMore` tries again. */
  moreError: unknown
  isLoading: boolean
  hasMore: boolean
  loadMore: () => Promise<void>
  reload: () => Promise<void>
  change: (change: (items: readonly T[]) => readonly T[]) => void
}

interface Shown<T> extends Page<T> {
  pages: number
}

/**
 * A list that the node gives page by page; the next one is fetched when the reader comes near its end. `reload` asks
 * for as many pages as are shown, so that nobody loses their place.
 */
export function usePages<T>(load: (cursor?: string) => Promise<Page<T>>, keys: readonly unknown[]): Pages<T> {
  const shown = useRef(1)
  const isMore = useRef(false)
  const [moreError, setMoreError] = useState<unknown>(undefined)
  // Before `useLoad` asks for the first page of another list.
  useEffect(() => {
    shown.current = 1
    setMoreError(undefined)
  }, keys)
  const list = useLoad<Shown<T>>(() => loadShown(load, shown), keys)
  if (list.data !== undefined) shown.current = list.data.pages
  const latest = useRef(list)
  latest.current = list
  const reload = useMemo(
    () =>
      oneAtATime(async () => {
        await latest.current.reload()
        setMoreError(undefined)
      }),
    [],
  )
  const cursor = list.data?.nextCursor ?? undefined
  const loadMore = async () => {
    if (cursor === undefined || isMore.current) return
    isMore.current = true
    try {
      const page = await load(cursor)
      // A reload meanwhile may have begun a new list, to which this page does not belong.
      list.change((old) => (old.nextCursor === cursor ? append(old, page) : old))
      setMoreError(undefined)
    } catch (error) {
      if (latest.current.data?.nextCursor === cursor) setMoreError(error)
    } finally {
      isMore.current = false
    }
  }
  return {
    items: list.data?.items ?? [],
    error: list.error,
    moreError,
    isLoading: list.isLoading,
    hasMore: cursor !== undefined,
    loadMore,
    reload,
    change: (how) => list.change((old) => ({ ...old, items: [...how(old.items)] })),
  }
}

/** `shown` is looked at after every page: another may have come by `loadMore` meanwhile. */
async function loadShown<T>(
  load: (cursor?: string) => Promise<Page<T>>,
  shown: { readonly current: number },
): Promise<Shown<T>> {
  let list: Shown<T> = { ...(await load()), pages: 1 }
  while (list.pages < shown.current && typeof list.nextCursor === 'string') {
    list = append(list, await load(list.nextCursor))
  }
  return list
}

function append<T>(list: Shown<T>, { items, nextCursor }: Page<T>): Shown<T> {
  return { items: [...list.items, ...items], nextCursor, pages: list.pages + 1 }
}
