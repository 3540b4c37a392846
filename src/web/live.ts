import { effect, signal } from '@preact/signals'
import { basePath } from './router.ts'
import { sessionState } from './session.ts'

const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 60_000

/** Names of the events that the node sends; see `GET /api/v1/events`. */
export type LiveEvent = 'transfer' | 'share' | 'contact' | 'notification' | 'activity' | 'drive' | 'gap'

type Listener = (data: never) => void

const listeners = new Map<LiveEvent, Set<Listener>>()
let source: EventSource | undefined

/** Whether the node tells us at once what happens; when not, lists are asked for anew now and then. */
export const isLive = signal(false)

/**
 * Keeps the stream open while somebody is signed in. A connection that broke the browser resumes by itself, with
 * `Last-Event-ID`; after any other answer than the stream it gives up, and a new one is opened from here.
 */
export function openLive(): () => void {
  let retryMs = FIRST_RETRY_MS
  let timer: number | undefined
  const open = (isFirst: boolean) => {
    window.clearTimeout(timer)
    source?.close()
    source = connect({
      onOpen: () => {
        retryMs = FIRST_RETRY_MS
        // What happened before a new stream is not in it.
        if (!isFirst) tell('gap', {})
        isFirst = true
      },
      onGivenUp: () => {
        timer = window.setTimeout(() => sessionState.value === 'signed-in' && open(false), retryMs)
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
      },
    })
  }
  let isFirst = true
  const stopFollowing = effect(() => {
    if (sessionState.value !== 'signed-in') return
    open(isFirst)
    isFirst = false
  })
  return () => {
    stopFollowing()
    window.clearTimeout(timer)
    source?.close()
    isLive.value = false
  }
}

function connect({ onOpen, onGivenUp }: { onOpen: () => void; onGivenUp: () => void }): EventSource {
  const opened = new EventSource(`${basePath}api/v1/events`)
  opened.addEventListener('open', () => {
    isLive.value = true
    onOpen()
  })
  opened.addEventListener('error', () => {
    isLive.value = false
    if (opened.readyState === EventSource.CLOSED) onGivenUp()
  })
  for (const name of listeners.keys()) attach(opened, name)
  return opened
}

/** Hears events of one kind; returns the end of it. `gap` means: some were missed, ask anew. */
export function onLive<T>(name: LiveEvent, listener: (data: T) => void): () => void {
  const known = listeners.get(name)
  const set = known ?? new Set<Listener>()
  set.add(listener as Listener)
  listeners.set(name, set)
  if (known === undefined && source !== undefined) attach(source, name)
  return () => void set.delete(listener as Listener)
}

function attach(target: EventSource, name: LiveEvent): void {
  target.addEventListener(name, (event) => {
    tell(name, parse((event as MessageEvent<string>).data))
  })
}

function tell(name: LiveEvent, data: unknown): void {
  for (const listener of listeners.get(name) ?? []) (listener as (data: unknown) => void)(data)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
