import type { Transfer, TransferState } from '../client/operations.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { formatBytes, formatRate, formatSeconds, formatTime } from './format.ts'
import { formatProgress, type ProgressState } from './progress.ts'
import { describePlace } from './transfer-places.ts'

/** True when nothing more will happen to a job. */
export function isFinal(state: TransferState): boolean {
  return state !== 'SUBMITTED' && state !== 'ACTIVE' && state !== 'PAUSED'
}

/** The exit code that says how a job ended. */
export function exitCodeOf(job: Transfer): ExitCode {
  if (job.state === 'FINISHEDDIRTY') return exitCodes.doneWithErrors
  return job.state === 'FAILED' || job.state === 'CANCELED' ? exitCodes.failed : exitCodes.ok
}

/** What the live line shows of a job. */
export function progressOf(job: Transfer): ProgressState {
  const isPlanned = job.files.total > 0
  return {
    label: job.state,
    bytesDone: job.bytes.done,
    bytesTotal: isPlanned ? job.bytes.total : undefined,
    filesDone: job.files.done + job.files.skipped,
    filesTotal: isPlanned ? job.files.total : undefined,
    bytesPerSecond: job.bytesPerSecond,
    secondsLeft: job.secondsLeft,
  }
}

/** One line about a job as it stands, for logs and pipes. */
export function describeStep(job: Transfer): string {
  return formatProgress(progressOf(job))
}

/** One line about how a job ended. */
export function describeEnd(job: Transfer): string {
  const { done, failed, skipped, canceled } = job.files
  const counts = [`${done} ${done === 1 ? 'file' : 'files'} copied`]
  if (skipped > 0) counts.push(`${skipped} were there already`)
  if (failed > 0) counts.push(`${failed} failed`)
  if (job.files.removed) counts.push(`${job.files.removed} removed at the destination`)
  if (canceled > 0) counts.push(`${canceled} canceled`)
  const seconds = secondsOf(job)
  const time = seconds === undefined ? '' : ` in ${formatSeconds(seconds)}`
  const rate = seconds === undefined || seconds < 0.001 ? '' : ` (${formatRate(job.bytes.done / seconds)})`
  const remedy =
    failed > 0
      ? `; see "causeway transfer files ${job.id} --state ERROR", try again with "transfer retry"`
      : ''
  const error = job.error ? `: ${job.error.message}` : ''
  return `${job.state}  ${counts.join(', ')}, ${formatBytes(job.bytes.done)}${time}${rate}${error}${remedy}`
}

/** Everything about a job, a line each. */
export function describeJob(job: Transfer): string {
  const lines: [string, string | undefined][] = [
    ['transfer', job.id],
    ['label', job.label],
    ['state', job.state],
    ['from', describeSource(job)],
    ['to', describePlace(job.destination)],
    [
      'files',
      `${job.files.total} (${job.files.done} done, ${job.files.active} active, ${job.files.skipped} skipped, ${job.files.failed} failed, ${job.files.canceled} canceled)`,
    ],
    ['bytes', `${formatBytes(job.bytes.done)} of ${formatBytes(job.bytes.total)}`],
    ['speed', isFinal(job.state) ? undefined : formatRate(job.bytesPerSecond)],
    ['left', job.secondsLeft === undefined ? undefined : formatSeconds(job.secondsLeft)],
    ['removed', job.files.removed === undefined ? undefined : `${job.files.removed} at the destination`],
    ['priority', String(job.priority)],
    ['schedule', job.scheduleId],
    ['begins', formatTime(job.notBefore)],
    ['deadline', formatTime(job.deadline)],
    ['ordered', formatTime(job.createdAt)],
    ['started', formatTime(job.startedAt)],
    ['finished', formatTime(job.finishedAt)],
    ['error', job.error?.message],
  ]
  return lines
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name.padEnd(9)} ${value}`)
    .join('\n')
}

export function describeSource({ source }: Transfer): string {
  return describePlace(source)
}

function secondsOf(job: Transfer): number | undefined {
  const startMs = Date.parse(job.startedAt ?? '')
  const endMs = Date.parse(job.finishedAt ?? '')
  return Number.isNaN(startMs) || Number.isNaN(endMs) ? undefined : (endMs - startMs) / 1000
}
