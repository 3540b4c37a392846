import { effect, signal } from '@preact/signals'
import { noteSessionEnd } from '../api.ts'
import { now } from '../format.ts'
import { loadSession, me, sessionState } from '../session.ts'
import { addHost } from '../shell/hosts.ts'
import { remembered } from './browser-memory.ts'
import { ask } from './conflicts.ts'
import { transport } from './transport.ts'
import type { Picked, UploadItem } from './types.ts'
import { UploadQueue } from './upload-queue.ts'

/** Grows a few times a second while something changes; whoever shows the queue reads it. */
export const uploadTick = signal(0)

type ArrivedListener = (item: UploadItem) => void

const arrivedListeners = new Set<ArrivedListener>()
const SHOWN_EVERY_MS = 200
let isTickDue = false

/** The uploads of this page; they go on while people look at other screens. */
export const uploads: UploadQueue = new UploadQueue({
  transport,
  nowMs: now,
  wait: waitOrOnline,
  ask: ({ path, batch }, stop) =>
    ask({ path, isFolder: false, isBatch: uploads.items.length > 1, known: () => batch.choice }, stop),
  onSignedOut() {
    noteSessionEnd()
    // Perhaps only our token is old, because somebody signed in anew in another tab.
    void loadSession().then(releaseWhenSignedIn)
  },
  onChange: tick,
  onArrived: (item) => {
    for (const listener of arrivedListeners) listener(item)
  },
})

/** Uploads to a folder of the drive, and shows the panel that tells how far they are. */
export function upload(folder: string, picked: readonly Picked[]): void {
  if (picked.length === 0) return
  void import('./upload-panel.tsx').then(({ UploadPanel }) => addHost(UploadPanel))
  uploads.add(folder, picked)
}

/** Hears of files that arrived; returns the end of it. */
export function onArrived(listener: ArrivedListener): () => void {
  arrivedListeners.add(listener)
  return () => void arrivedListeners.delete(listener)
}

function tick(): void {
  if (isTickDue) return
  isTickDue = true
  window.setTimeout(() => {
    isTickDue = false
    uploadTick.value += 1
  }, SHOWN_EVERY_MS)
}

/** A connection that comes back ends the waiting. */
function waitOrOnline(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(done, ms)
    function done(): void {
      window.clearTimeout(timer)
      window.removeEventListener('online', done)
      stop.removeEventListener('abort', done)
      if (stop.aborted) reject(stop.reason)
      else resolve()
    }
    window.addEventListener('online', done)
    stop.addEventListener('abort', done)
  })
}

function releaseWhenSignedIn(): void {
  if (sessionState.value === 'signed-in') uploads.release('session')
}

let lastUser: string | undefined

effect(() => {
  releaseWhenSignedIn()
  lastUser = me.value?.name ?? lastUser
  if (sessionState.value === 'signed-out') {
    uploads.cancelAll()
    uploads.clear()
    // Also what was still noted here after another tab had signed out.
    if (lastUser !== undefined) remembered.forgetUser(lastUser)
  }
})

window.addEventListener('beforeunload', (event) => {
  if (uploads.isActive) event.preventDefault()
})
