import type { JSX } from 'preact'
import { api } from '../../api.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Ago } from '../../ui/bits.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { useLoad } from '../../ui/use-load.ts'

/** How the attempts at one file went. */
export function FileAttempts({ jobId, fileId }: { jobId: string; fileId: string }): JSX.Element {
  const attempts = useLoad(() => api.listTransferAttempts({ params: { id: jobId, fileId } }), [jobId, fileId])
  return (
    <LoadedView of={attempts}>
      {({ items }) => (
        <ol class="attempts">
          {items.map(({ attempt, endedAt, bytesDone, worker, error }) => (
            <li key={attempt}>
              {t('transfers.attempt', { number: attempt, worker, bytes: formatBytes(bytesDone) })}{' '}
              <Ago at={endedAt} />
              <p class="field-problem">{error.message}</p>
            </li>
          ))}
        </ol>
      )}
    </LoadedView>
  )
}
