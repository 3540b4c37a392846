import { useState } from 'preact/hooks'
import { useLoad } from './use-load.ts'

export interface Page<T> {
  items: T[]
  nextCursor?: string | null | undefined
}

export interface Pages<T> {
  items: readonly T[]
  error: unknown
  isLoading: boolean
  hasMore: boolean
  loadMore: () => Promise<void>
  reload: () => Promise<void>
  change: (change: (items: readonly T[]) => readonly T[]) => void
}

/** A list that the node gives page by page; the next one is fetched when the reader comes near its end. */
export function usePages<T>(load: (cursor?: string) => Promise<Page<T>>, keys: readonly unknown[]): Pages<T> {
  const first = useLoad<{ items: readonly T[]; nextCursor?: string | null | undefined }>(() => load(), keys)
  const [isMore, setMore] = useState(false)
  const [moreError, setMoreError] = useState<unknown>(undefined)
  const cursor = first.data?.nextCursor ?? undefined
  const loadMore = async () => {
    if (cursor === undefined || isMore) return
    setMore(true)
    try {
      const page = await load(cursor)
      // A reload meanwhile began a new list, to which this page does not belong.
      first.change((old) =>
        old.nextCursor === cursor
          ? { items: [...old.items, ...page.items], nextCursor: page.nextCursor }
          : old,
      )
      setMoreError(undefined)
    } catch (error) {
      setMoreError(error)
    } finally {
      setMore(false)
    }
  }
  return {
    items: first.data?.items ?? [],
    error: first.error ?? moreError,
    isLoading: first.isLoading || isMore,
    hasMore: cursor !== undefined,
    loadMore,
    reload: first.reload,
    change: (how) => first.change((old) => ({ ...old, items: how(old.items) })),
  }
}
