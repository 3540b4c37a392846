import type { ComponentChildren, JSX } from 'preact'
import { Loading } from './bits.tsx'
import { ErrorNote } from './error-note.tsx'
import type { Loaded } from './use-load.ts'

interface LoadedViewProps<T> {
  of: Loaded<T>
  children: (data: T) => ComponentChildren
}

/** What was loaded; until then that it loads, and why it could not. An error of a reload stands above the old. */
export function LoadedView<T>({ of, children }: LoadedViewProps<T>): JSX.Element {
  const { data, error, isLoading, reload } = of
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={reload} />}
      {data !== undefined ? children(data) : isLoading && <Loading />}
    </>
  )
}
