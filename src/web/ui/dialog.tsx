import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/t.ts'
import { IconButton } from './button.tsx'

interface DialogProps {
  title: string
  children: ComponentChildren
  /** Asked for by Escape, the cross, or a click beside it. */
  onClose: () => void
  /** Buttons at its end. */
  footer?: ComponentChildren
  size?: 'small' | 'medium' | 'large'
  /** With it the content is a form, and Enter sends it. */
  onSubmit?: () => unknown
}

/** A modal dialog of the browser itself: it keeps the focus inside and gives it back. */
export function Dialog({
  title,
  children,
  onClose,
  footer,
  size = 'small',
  onSubmit,
}: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useLayoutEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  const body = (
    <>
      <div class="dialog-body">{children}</div>
      {footer !== undefined && <footer class="dialog-footer">{footer}</footer>}
    </>
  )
  return (
    <dialog
      ref={ref}
      class={`dialog ${size}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => event.target === ref.current && onClose()}
    >
      <header class="dialog-header">
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={t('common.close')} onClick={onClose} />
      </header>
      {onSubmit === undefined ? (
        body
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            onSubmit()
          }}
        >
          {body}
        </form>
      )}
    </dialog>
  )
}
