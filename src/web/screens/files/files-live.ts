import { useEffect } from 'preact/hooks'
import { isWithin, parentOf } from '../../dav/paths.ts'
import { isLive, onLive } from '../../live.ts'
import { onArrived } from '../../upload/uploads.ts'
import { batchProgress } from './batch.ts'
import type { FilesModel } from './files-model.ts'

const SETTLE_MS = 700
const POLL_MS = 10_000

interface ActivityEvent {
  subject?: { path?: string }
  from?: string
}

/** Keeps the list as the drive is: after uploads, and after what others do. */
export function useFilesLive(model: FilesModel): void {
  useEffect(() => {
    let timer: number | undefined
    const refreshSoon = () => {
      window.clearTimeout(timer)
      timer = window.setTimeout(() => void refreshQuietly(model, refreshSoon), SETTLE_MS)
    }
    const { path } = model.query
    const isHere = (changed: string | undefined) =>
      changed === undefined || parentOf(changed) === path || changed === path || isWithin(changed, path)
    const stops = [
      onArrived((item) => isWithin(item.path, path) && refreshSoon()),
      onLive<ActivityEvent>('activity', (event) => {
        if (isHere(event?.subject?.path) || (event?.from !== undefined && isHere(event.from))) refreshSoon()
      }),
      onLive('share', refreshSoon),
      onLive('gap', refreshSoon),
    ]
    const poll = window.setInterval(() => !isLive.value && !document.hidden && refreshSoon(), POLL_MS)
    return () => {
      window.clearTimeout(timer)
      window.clearInterval(poll)
      for (const stop of stops) stop()
    }
  }, [model])
}

/** Not while somebody works on the rows. */
async function refreshQuietly(model: FilesModel, later: () => void): Promise<void> {
  const { isLoading, error } = model.listing.view.value
  if (isLoading || model.editing.value !== undefined || batchProgress.value !== undefined) return later()
  if (error === undefined) await model.refresh()
}
