import type {
  Transfer,
  TransferDestination,
  TransferFile,
  TransferSource,
} from '../../../client/operations.ts'
import { type MessageKey, t } from '../../i18n/t.ts'

export type Tone = 'neutral' | 'good' | 'bad' | 'warn' | 'busy'

const TONES: Record<Transfer['state'], Tone> = {
  SUBMITTED: 'neutral',
  ACTIVE: 'busy',
  PAUSED: 'warn',
  FINISHED: 'good',
  FINISHEDDIRTY: 'warn',
  FAILED: 'bad',
  CANCELED: 'neutral',
}

/** The state of a job in a word that people know; the API has the names of FTS. */
export function jobState({ state }: Transfer): { word: string; tone: Tone } {
  return { word: t(`transfers.state.${state}`), tone: TONES[state] }
}

/** Whether it has come to its end. */
export function isOver({ state }: Transfer): boolean {
  return state === 'FINISHED' || state === 'FINISHEDDIRTY' || state === 'FAILED' || state === 'CANCELED'
}

type Step =
  | 'waiting'
  | 'preparing'
  | 'staging'
  | 'running'
  | 'verifying'
  | 'done'
  | 'skipped'
  | 'failed'
  | 'canceled'

const STEPS: [RegExp, Step][] = [
  [/^DONE$/, 'done'],
  [/^SKIPPED$/, 'skipped'],
  [/^ERROR$/, 'failed'],
  [/^CANCELLED$/, 'canceled'],
  [/^STAG/, 'staging'],
  [/^TRANSFERRING$/, 'running'],
  [/^(NEW|TRANSFER)$/, 'waiting'],
  [/^(CHECK|CACHE_WAIT|CACHE_CHECKED|RESOLV|QUERY|REPLICA_QUERIED|PRE_CLEAN)/, 'preparing'],
]

/** The many states of one file (DTR) as the few that mean something to its owner. */
export function fileStep({ state }: TransferFile): Step {
  return STEPS.find(([pattern]) => pattern.test(state))?.[1] ?? 'verifying'
}

export function fileWord(file: TransferFile): string {
  return t(`transfers.step.${fileStep(file)}` satisfies MessageKey)
}

/** Where data comes from, in a few words. */
export function sourceText(source: TransferSource): string {
  if ('replicas' in source) return t('transfers.replicas', { n: source.replicas.length })
  if ('shareId' in source) return t('transfers.fromShare', { path: source.path ?? '/' })
  return endText(source)
}

/** Where data goes. */
export function endText(end: TransferDestination): string {
  if ('url' in end) return end.url
  if ('endpoint' in end) return `${end.endpoint}:${end.path}`
  return end.path
}

/** What a job is called: its label, else the last name of what is copied. */
export function jobName({ label, source, destination }: Transfer): string {
  if (label !== '') return label
  const text = sourceText(source).replace(/\/+$/, '')
  return text.split('/').pop() || endText(destination)
}

/** How much is done, 0 to 1; undefined while the amount is not known. */
export function fractionOf({ bytes, files, state }: Transfer): number | undefined {
  if (state === 'FINISHED') return 1
  if (bytes.total > 0) return bytes.done / bytes.total
  return files.total > 0 ? (files.done + files.skipped) / files.total : undefined
}
