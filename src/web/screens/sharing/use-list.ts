import { useEffect } from 'preact/hooks'
import { type LiveEvent, onLive } from '../../live.ts'
import { type Page, type Pages, usePages } from '../../ui/use-pages.ts'

/** A paged list that is asked for anew whenever one of these events comes. */
export function useLiveList<T>(
  load: (cursor?: string) => Promise<Page<T>>,
  events: readonly LiveEvent[],
): Pages<T> {
  const pages = usePages(load, [])
  useEffect(() => {
    const stops = [...events, 'gap' as const].map((name) => onLive(name, () => void pages.reload()))
    return () => {
      for (const stop of stops) stop()
    }
  }, [pages.reload])
  return pages
}
