import { useEffect } from 'preact/hooks'
import { isWithin } from '../../dav/paths.ts'
import { isLive, onLive } from '../../live.ts'
import { onArrived } from '../../upload/uploads.ts'
import { batchProgress } from './batch.ts'
import type { FilesModel } from './files-model.ts'

const SETTLE_MS = 700
const POLL_MS = 10_000

/** Keeps the list as the drive is: after uploads, and after what others do. */
export function useFilesLive(model: FilesModel): void {
  useEffect(() => {
    let timer: number | undefined
    // The first of many changes sets the time: while a program uploads for hours, each would put off the next look.
    const refreshSoon = () => {
      timer ??= window.setTimeout(() => {
        timer = undefined
        void refreshQuietly(model, refreshSoon)
      }, SETTLE_MS)
    }
    const { path } = model.query
    const stops = [
      onArrived((item) => isWithin(item.path, path) && refreshSoon()),
      onLive('drive', refreshSoon),
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

/** Not while somebody works on the rows, or sees them not. */
async function refreshQuietly(model: FilesModel, later: () => void): Promise<void> {
  const { isLoading, error } = model.listing.view.value
  if (document.hidden || isLoading || model.editing.value !== undefined || batchProgress.value !== undefined)
    return later()
  if (error === undefined) await model.refresh()
}
