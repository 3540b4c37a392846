/**
 * Passes a source on until the signal aborts; then rejects at once with its reason, even while the
 * source is silent, and lets the source go.
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  if (signal === undefined) return yield* source
  const iterator = source[Symbol.asyncIterator]()
  let rejectPending: (reason: unknown) => void = () => undefined
  const onAbort = () => rejectPending(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  // A promise of its own for every piece: one for all, raced with each, would keep every piece alive.
  const pull = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      rejectPending = reject
      iterator.next().then(resolve, reject)
    })
  let isDone = false
  try {
    while (true) {
      signal.throwIfAborted()
      const next = await pull()
      isDone = next.done === true
      if (next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Not awaited: a generator that waits for its own input would only answer when that comes.
    if (!isDone) iterator.return?.()?.catch(() => undefined)
  }
}
