import type { JSX } from 'preact'
import { Loading } from '../../../ui/bits.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { useLoad } from '../../../ui/use-load.ts'

/** With whom it is shared; from the sharing screens, fetched when it is first looked at. */
export function SharingTab({ path, kind }: { path: string; kind: 'file' | 'folder' }): JSX.Element {
  const { data, error, reload } = useLoad(() => import('../../sharing/share-panel.tsx'), [])
  if (error !== undefined) return <ErrorNote error={error} onRetry={reload} />
  return data === undefined ? <Loading /> : <data.SharePanel path={path} kind={kind} />
}

/** What happened to it; from the activity screen. */
export function ActivityTab({ path }: { path: string }): JSX.Element {
  const { data, error, reload } = useLoad(() => import('../../activity/activity-list.tsx'), [])
  if (error !== undefined) return <ErrorNote error={error} onRetry={reload} />
  return data === undefined ? <Loading /> : <data.ActivityList path={path} />
}
