/**
 * Passes a source on until the signal aborts; then rejects at once with its reason, even while the
 * source is silent, and lets the source go.
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  if (signal === undefined) return yield* source
  const iterator = source[Symbol.asyncIterator]()
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => undefined)
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  let isDone = false
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), aborted.promise])
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
