import type { JSX } from 'preact'
import type { Transfer } from '../../../client/operations.ts'
import { formatBytes, formatDuration, formatRate } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf } from '../../router.ts'
import { Ago, Chip, Name, Progress } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu } from '../../ui/menu.tsx'
import { jobActions } from './job-actions.ts'
import { endText, fractionOf, isOver, jobName, jobState, sourceText } from './words.ts'

interface TransferRowProps {
  job: Transfer
  onChanged: (job: Transfer) => void
}

/** One job: what goes where, how far it is, how long it takes. */
export function TransferRow({ job, onChanged }: TransferRowProps): JSX.Element {
  const { word, tone } = jobState(job)
  return (
    <li>
      <Icon name="transfers" />
      <div class="grow">
        <p>
          <a href={hrefOf(['transfers', job.id])}>
            <strong>
              <Name>{jobName(job)}</Name>
            </strong>
          </a>
        </p>
        <p class="soft truncate">
          <Name>{sourceText(job.source)}</Name> → <Name>{endText(job.destination)}</Name>
        </p>
        {!isOver(job) && (
          <Progress value={fractionOf(job)} label={t('transfers.progressOf', { name: jobName(job) })} />
        )}
        <JobNumbers job={job} />
        {job.error !== undefined && <p class="field-problem">{job.error.message}</p>}
      </div>
      <Chip tone={tone}>{word}</Chip>
      <Menu label={t('transfers.actionsFor', { name: jobName(job) })} items={jobActions(job, onChanged)} />
    </li>
  )
}

/** Bytes, files, rate and time left in one line. */
export function JobNumbers({ job }: { job: Transfer }): JSX.Element {
  const { bytes, files, bytesPerSecond, secondsLeft, createdAt, finishedAt } = job
  const parts = [
    t('transfers.bytesOf', { done: formatBytes(bytes.done), total: formatBytes(bytes.total) }),
    t('transfers.filesOf', { done: files.done + files.skipped, n: files.total }),
    ...(files.failed > 0 ? [t('transfers.filesFailed', { n: files.failed })] : []),
    ...(job.state === 'ACTIVE' && bytesPerSecond > 0 ? [formatRate(bytesPerSecond)] : []),
    ...(job.state === 'ACTIVE' && secondsLeft !== undefined
      ? [t('transfers.left', { time: formatDuration(secondsLeft) })]
      : []),
  ]
  return (
    <p class="numbers">
      {parts.join(' · ')} · <Ago at={finishedAt ?? createdAt} />
    </p>
  )
}
