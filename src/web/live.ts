import { signal } from '@preact/signals'
import { basePath } from './router.ts'

/** Names of the events that the node sends; see `GET /api/v1/events`. */
export type LiveEvent = 'transfer' | 'share' | 'contact' | 'notification' | 'activity' | 'drive' | 'gap'

type Listener = (data: never) => void

const listeners = new Map<LiveEvent, Set<Listener>>()
let source: EventSource | undefined

/** Whether the node tells us at once what happens; when not, lists are asked for anew now and then. */
export const isLive = signal(false)

/** Opens the stream for as long as somebody is signed in; the browser resumes it with `Last-Event-ID`. */
export function openLive(): () => void {
  source?.close()
  const opened = new EventSource(`${basePath}api/v1/events`)
  source = opened
  opened.addEventListener('open', () => {
    isLive.value = true
  })
  opened.addEventListener('error', () => {
    isLive.value = false
  })
  for (const name of listeners.keys()) attach(opened, name)
  return () => {
    opened.close()
    isLive.value = false
  }
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
    const data = parse((event as MessageEvent<string>).data)
    for (const listener of listeners.get(name) ?? []) (listener as (data: unknown) => void)(data)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
