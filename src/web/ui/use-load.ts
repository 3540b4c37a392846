import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export interface Loaded<T> {
  data: T | undefined
  error: unknown
  isLoading: boolean
  /** Asks again; what is shown stays until the answer is there. */
  reload: () => Promise<void>
  /** Changes what is shown at once, before the node has answered. */
  change: (change: (data: T) => T) => void
}

/** Loads something when the screen opens and whenever one of `keys` changes; old answers never win over new. */
export function useLoad<T>(load: () => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | undefined; error: unknown; isLoading: boolean }>({
    data: undefined,
    error: undefined,
    isLoading: true,
  })
  const turn = useRef(0)
  const reload = useCallback(async () => {
    const mine = ++turn.current
    setState((old) => ({ ...old, isLoading: true }))
    const next = await load().then(
      (data) => ({ data, error: undefined, isLoading: false }),
      (error: unknown) => ({ data: undefined, error, isLoading: false }),
    )
    if (mine === turn.current)
      setState((old) => (next.error === undefined ? next : { ...next, data: old.data }))
  }, keys)
  useEffect(() => {
    setState({ data: undefined, error: undefined, isLoading: true })
    void reload()
    return () => void turn.current++
  }, [reload])
  const change = (how: (data: T) => T) =>
    setState((old) => (old.data === undefined ? old : { ...old, data: how(old.data) }))
  return { ...state, reload, change }
}
