import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Transfer } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { onLive } from '../../live.ts'
import { hrefOf } from '../../router.ts'
import { Chip, Loading, Name, Progress } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { RateGraph } from './graph.tsx'
import { jobActions } from './job-actions.ts'
import { noteRate, samples } from './live-jobs.ts'
import { TransferFacts } from './transfer-facts.tsx'
import { TransferFiles } from './transfer-files.tsx'
import { JobNumbers } from './transfer-row.tsx'
import { fractionOf, jobName, jobState } from './words.ts'

/** Everything about one job, while it goes on. */
export function TransferDetail({ id }: { id: string }): JSX.Element {
  const loaded = useLoad(() => api.getTransfer({ params: { id } }), [id])
  useEffect(() => {
    const hear = (job: Transfer) => {
      if (job.id !== id) return
      noteRate(job)
      loaded.change(() => job)
    }
    const stops = [onLive('transfer', hear), onLive('gap', () => void loaded.reload())]
    return () => {
      for (const stop of stops) stop()
    }
  }, [id, loaded.reload])
  const job = loaded.data
  return (
    <>
      <p>
        <a href={hrefOf(['transfers'])}>← {t('transfers.title')}</a>
      </p>
      {loaded.error !== undefined && <ErrorNote error={loaded.error} onRetry={loaded.reload} />}
      {job === undefined ? (
        loaded.isLoading && <Loading />
      ) : (
        <Detail job={job} onChanged={(next) => loaded.change(() => next)} />
      )}
    </>
  )
}

function Detail({ job, onChanged }: { job: Transfer; onChanged: (job: Transfer) => void }): JSX.Element {
  const { word, tone } = jobState(job)
  const isVerified = job.state === 'FINISHED' && job.verify === 'checksum'
  return (
    <>
      <header class="screen-head">
        <h1>
          <Name>{jobName(job)}</Name>
        </h1>
        <Chip tone={tone}>{word}</Chip>
        {isVerified && (
          <Chip tone="good" icon="check">
            {t('transfers.verified', { done: job.files.done + job.files.skipped, n: job.files.total })}
          </Chip>
        )}
        <div class="actions">
          {jobActions(job, onChanged).map(({ label, icon, run, tone: kind, disabled }) => (
            <Button
              key={label}
              kind={kind === 'danger' ? 'danger' : 'plain'}
              {...(icon !== undefined && { icon })}
              {...(run !== undefined && { onClick: run })}
              disabled={disabled === true}
            >
              {label}
            </Button>
          ))}
        </div>
      </header>
      <div class="transfer-now" aria-live="off">
        <Progress
          value={fractionOf(job)}
          label={t('transfers.progressOf', { name: jobName(job) })}
          tone={tone === 'good' ? 'good' : tone === 'bad' ? 'bad' : 'busy'}
        />
        <JobNumbers job={job} />
        {job.error !== undefined && <p class="field-problem">{job.error.message}</p>}
        <RateGraph samples={samples.value.get(job.id) ?? []} />
      </div>
      <TransferFacts job={job} />
      <TransferFiles job={job} />
    </>
  )
}
