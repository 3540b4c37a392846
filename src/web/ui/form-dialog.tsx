import type { ComponentChildren, JSX } from 'preact'
import { t } from '../i18n/t.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorNote } from './error-note.tsx'

interface FormDialogProps {
  title: string
  /** What the button says that sends the form. */
  action: string
  /** From `useForm`. */
  form: { error: unknown; isBusy: boolean; submit: () => unknown }
  onClose: () => void
  children: ComponentChildren
  size?: 'small' | 'medium' | 'large'
  /** Further buttons, before Cancel. */
  more?: ComponentChildren
}

/** A dialog that is a form: why it was refused stands above its fields, Cancel and the action below them. */
export function FormDialog(props: FormDialogProps): JSX.Element {
  const { title, action, form, onClose, children, size = 'small', more } = props
  return (
    <Dialog
      title={title}
      size={size}
      onClose={onClose}
      onSubmit={form.submit}
      footer={
        <>
          {more}
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" kind="primary" disabled={form.isBusy}>
            {action}
          </Button>
        </>
      }
    >
      {form.error !== undefined && <ErrorNote error={form.error} />}
      {children}
    </Dialog>
  )
}
