import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Transfer } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { isLive, onLive } from '../../live.ts'
import { hrefOf } from '../../router.ts'
import { Empty, Loading } from '../../ui/bits.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Select } from '../../ui/field.tsx'
import { MorePages } from '../../ui/pages-view.tsx'
import { type Pages, usePages } from '../../ui/use-pages.ts'
import { mergeJob, noteRate } from './live-jobs.ts'
import { TransferRow } from './transfer-row.tsx'

type State = Transfer['state'] | ''

const STATES: State[] = [
  '',
  'ACTIVE',
  'SUBMITTED',
  'PAUSED',
  'FINISHED',
  'FINISHEDDIRTY',
  'FAILED',
  'CANCELED',
]
const POLL_MS = 10_000

/** All jobs of the reader, the newest first, as they go on. */
export function TransferList(): JSX.Element {
  const [state, setState] = useState<State>('')
  const pages = usePages(
    (cursor) =>
      api.listTransfers({
        query: { limit: 50, ...(state !== '' && { state }), ...(cursor !== undefined && { cursor }) },
      }),
    [state],
  )
  useLiveJobs(pages, state)
  const isFirst = pages.isLoading && pages.items.length === 0
  return (
    <>
      <div class="transfer-filter">
        <Select
          label={t('transfers.show')}
          value={state}
          onValue={setState}
          options={STATES.map((value) => ({
            value,
            label: value === '' ? t('transfers.all') : t(`transfers.state.${value}`),
          }))}
        />
      </div>
      {pages.error !== undefined && <ErrorNote error={pages.error} onRetry={pages.reload} />}
      {isFirst && <Loading />}
      {!isFirst && pages.items.length === 0 && pages.error === undefined && (
        <NoTransfers isFiltered={state !== ''} />
      )}
      {pages.items.length > 0 && (
        <ul class="list transfers">
          {pages.items.map((job) => (
            <TransferRow
              key={job.id}
              job={job}
              onChanged={(next) => pages.change((items) => mergeJob(items, next))}
            />
          ))}
        </ul>
      )}
      <MorePages pages={pages} />
    </>
  )
}

/** Events while there are any, else a look every few seconds. */
function useLiveJobs(pages: Pages<Transfer>, state: State): void {
  useEffect(() => {
    const hear = (job: Transfer) => {
      noteRate(job)
      if (state === '' || job.state === state) pages.change((items) => mergeJob(items, job))
      else pages.change((items) => items.filter(({ id }) => id !== job.id))
    }
    const timer = window.setInterval(() => !isLive.value && void pages.reload(), POLL_MS)
    const stops = [
      onLive('transfer', hear),
      onLive('gap', () => void pages.reload()),
      () => window.clearInterval(timer),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [pages.reload, state])
}

function NoTransfers({ isFiltered }: { isFiltered: boolean }): JSX.Element {
  if (isFiltered) return <Empty icon="transfers" title={t('transfers.noneSo')} />
  return (
    <Empty
      icon="transfers"
      title={t('transfers.none')}
      action={
        <a class="button plain" href={hrefOf(['shared-with-me'])}>
          {t('nav.sharedWithMe')}
        </a>
      }
    >
      {t('transfers.noneText')}
    </Empty>
  )
}
