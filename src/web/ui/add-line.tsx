import type { JSX } from 'preact'
import { t } from '../i18n/t.ts'
import { Button } from './button.tsx'
import { ErrorNote } from './error-note.tsx'
import { Field } from './field.tsx'
import { useForm } from './use-form.ts'

interface AddLineProps {
  label: string
  /** Adds what was typed to the list below; when it throws, the text stays. */
  onAdd: (text: string) => Promise<unknown>
}

/** One field and a button above a list, to add to it by name. */
export function AddLine({ label, onAdd }: AddLineProps): JSX.Element {
  const form = useForm({ text: '' }, ({ text }) => onAdd(text))
  const add = async (event: Event) => {
    event.preventDefault()
    if (await form.submit()) form.reset({ text: '' })
  }
  return (
    <>
      <form class="one-line" onSubmit={add}>
        <Field label={label} value={form.values.text} onValue={(v) => form.set('text', v)} required />
        <Button type="submit" icon="plus" disabled={form.isBusy}>
          {t('admin.add')}
        </Button>
      </form>
      {form.error !== undefined && <ErrorNote error={form.error} />}
    </>
  )
}
