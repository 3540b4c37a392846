import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Transfer, TransferFile } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes, formatRate } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Chip, Loading, Name, Progress } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Check } from '../../ui/field.tsx'
import { MorePages } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { usePages } from '../../ui/use-pages.ts'
import { FileAttempts } from './file-attempts.tsx'
import { fileStep, fileWord, isOver, type Tone } from './words.ts'

const PAGE = 100
const LOOK_MS = 2_000

const TONES: Partial<Record<ReturnType<typeof fileStep>, Tone>> = {
  done: 'good',
  failed: 'bad',
  running: 'busy',
  verifying: 'busy',
  staging: 'busy',
}

/** The files of a job; while it goes on they are looked at every two seconds. */
export function TransferFiles({ job }: { job: Transfer }): JSX.Element {
  const [onlyFailed, setOnlyFailed] = useState(false)
  const pages = usePages(
    (cursor) =>
      api.listTransferFiles({
        params: { id: job.id },
        query: {
          limit: PAGE,
          ...(onlyFailed && { state: 'ERROR' as const }),
          ...(cursor !== undefined && { cursor }),
        },
      }),
    [job.id, onlyFailed],
  )
  const hasMany = pages.items.length > PAGE
  const isRunning = !isOver(job)
  useEffect(() => {
    // Several pages are too much to ask for every two seconds.
    if (!isRunning || hasMany) return
    const timer = window.setInterval(() => void pages.reload(), LOOK_MS)
    return () => {
      window.clearInterval(timer)
      void pages.reload()
    }
  }, [isRunning, hasMany, pages.reload])
  return (
    <Section
      title={t('transfers.files')}
      actions={<Check label={t('transfers.onlyFailed')} checked={onlyFailed} onChecked={setOnlyFailed} />}
    >
      {pages.error !== undefined && <ErrorNote error={pages.error} onRetry={pages.reload} />}
      {pages.isLoading && pages.items.length === 0 && <Loading />}
      {pages.items.length > 0 && (
        <ul class="list">
          {pages.items.map((file) => (
            <FileRow key={file.id} jobId={job.id} file={file} />
          ))}
        </ul>
      )}
      {!pages.isLoading && pages.items.length === 0 && (
        <p class="soft">{t(onlyFailed ? 'transfers.noFailed' : 'transfers.noFiles')}</p>
      )}
      <MorePages pages={pages} />
    </Section>
  )
}

function FileRow({ jobId, file }: { jobId: string; file: TransferFile }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const step = fileStep(file)
  const isMoving = step === 'running' && file.sizeBytes > 0
  return (
    <li>
      <div class="grow">
        <p>
          <Name>{file.path}</Name>
        </p>
        {isMoving && (
          <Progress
            value={file.bytesDone / file.sizeBytes}
            label={t('transfers.progressOf', { name: file.path })}
          />
        )}
        <p class="numbers">{fileNumbers(file)}</p>
        {file.lastByteAt !== undefined && isMoving && (
          <p class="numbers">
            {t('transfers.lastByte')} <Ago at={file.lastByteAt} />
          </p>
        )}
        {file.waitReason !== undefined && <p class="soft">{file.waitReason.text}</p>}
        {file.error !== undefined && <p class="field-problem">{file.error.message}</p>}
        {file.error?.retryAt !== undefined && (
          <p class="soft">
            {t('transfers.nextTry')} <Ago at={file.error.retryAt} />
          </p>
        )}
        {isOpen && <FileAttempts jobId={jobId} fileId={file.id} />}
      </div>
      <Chip tone={TONES[step] ?? 'neutral'}>{fileWord(file)}</Chip>
      {file.attempts > 1 && (
        <Button onClick={() => setOpen(!isOpen)}>{t('transfers.attempts', { n: file.attempts })}</Button>
      )}
    </li>
  )
}

function fileNumbers(file: TransferFile): string {
  const { sizeBytes, bytesDone, bytesPerSecond, executorWhy, checksums } = file
  const isDone = fileStep(file) === 'done'
  return [
    isDone || bytesDone === 0
      ? formatBytes(sizeBytes)
      : t('transfers.bytesOf', { done: formatBytes(bytesDone), total: formatBytes(sizeBytes) }),
    ...(bytesPerSecond === undefined ? [] : [formatRate(bytesPerSecond)]),
    ...(executorWhy === undefined ? [] : [executorWhy]),
    ...(isDone && checksums !== undefined ? [Object.keys(checksums).join(', ')] : []),
  ].join(' · ')
}
