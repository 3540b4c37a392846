import { useState } from 'preact/hooks'

export interface Form<V> {
  values: V
  set: <K extends keyof V>(name: K, value: V[K]) => void
  error: unknown
  isBusy: boolean
  /** Runs once at a time; an error stays with the form. Tells whether it went well. */
  submit: () => Promise<boolean>
  reset: (values: V) => void
}

/** The values of a form, and the sending of it. */
export function useForm<V extends object>(initial: V, send: (values: V) => Promise<unknown>): Form<V> {
  const [values, setValues] = useState(initial)
  const [error, setError] = useState<unknown>(undefined)
  const [isBusy, setBusy] = useState(false)
  const submit = async () => {
    if (isBusy) return false
    setBusy(true)
    setError(undefined)
    try {
      await send(values)
      return true
    } catch (thrown) {
      setError(thrown)
      return false
    } finally {
      setBusy(false)
    }
  }
  return {
    values,
    set: (name, value) => setValues((old) => ({ ...old, [name]: value })),
    error,
    isBusy,
    submit,
    reset: setValues,
  }
}
