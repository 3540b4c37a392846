import type { JSX } from 'preact'
import { ApiProblem, NetworkProblem } from '../api.ts'
import { t } from '../i18n/t.ts'
import { Icon } from './icons.tsx'

/** What to tell a person about an error: the node's own sentence where there is one. */
export function describeError(error: unknown): { text: string; requestId?: string } {
  if (error instanceof ApiProblem) {
    return error.requestId === undefined
      ? { text: error.detail }
      : { text: error.detail, requestId: error.requestId }
  }
  if (error instanceof NetworkProblem) return { text: t('error.network') }
  return { text: t('error.unexpected', { message: error instanceof Error ? error.message : String(error) }) }
}

interface ErrorNoteProps {
  error: unknown
  onRetry?: () => unknown
}

/** An error in the place where the content would be: cause, request id, and a way on. */
export function ErrorNote({ error, onRetry }: ErrorNoteProps): JSX.Element {
  const { text, requestId } = describeError(error)
  return (
    <div class="error-note" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{t('error.title')}</strong>
        <p>{text}</p>
        {requestId !== undefined && <small>{t('error.requestId', { id: requestId })}</small>}
      </div>
      {onRetry !== undefined && (
        <button type="button" class="button plain" onClick={() => void onRetry()}>
          {t('error.retry')}
        </button>
      )}
    </div>
  )
}
