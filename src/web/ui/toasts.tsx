import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { t } from '../i18n/t.ts'
import { IconButton } from './button.tsx'
import { describeError } from './error-note.tsx'

interface Toast {
  id: number
  kind: 'done' | 'error'
  text: string
  requestId?: string | undefined
  action?: { label: string; run: () => unknown } | undefined
}

const SHOWN_MS = 6_000

const toasts = signal<Toast[]>([])
let nextId = 1

/** Says that something was done; goes away by itself unless it offers an action that the pointer rests on. */
export function showDone(text: string, action?: Toast['action']): void {
  const id = add({ kind: 'done', text, action })
  window.setTimeout(() => dismiss(id), SHOWN_MS)
}

/** Says what failed; stays until it is dismissed. */
export function showError(error: unknown): void {
  const { text, requestId } = describeError(error)
  add({ kind: 'error', text, requestId })
}

function add(toast: Omit<Toast, 'id'>): number {
  const id = nextId++
  toasts.value = [...toasts.value.slice(-4), { id, ...toast }]
  return id
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, kind, text, requestId, action }) => (
        <div key={id} class={`toast ${kind}`}>
          <p>
            {text}
            {requestId !== undefined && <small>{t('error.requestId', { id: requestId })}</small>}
          </p>
          {action !== undefined && (
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                dismiss(id)
                void Promise.resolve(action.run()).catch(showError)
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton icon="close" label={t('common.dismiss')} onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
