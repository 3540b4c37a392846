import type { ComponentType, JSX } from 'preact'
import { Loading } from './ui/bits.tsx'
import { ErrorNote } from './ui/error-note.tsx'
import { useLoad } from './ui/use-load.ts'

/** A module whose only component is a screen. */
export type LoadScreen = () => Promise<{ Screen: ComponentType }>

/** A screen whose code is fetched when it is opened. */
export function lazy(load: LoadScreen): ComponentType {
  return function LazyScreen(): JSX.Element {
    const { data, error, reload } = useLoad(load, [])
    if (error !== undefined) return <ErrorNote error={error} onRetry={reload} />
    return data === undefined ? <Loading /> : <data.Screen />
  }
}
