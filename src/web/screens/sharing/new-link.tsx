import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { useForm } from '../../ui/use-form.ts'
import type { SharePanelProps } from './share-panel.tsx'
import { endOfDay, NO_TERMS } from './terms.ts'
import { TermsFields } from './terms-fields.tsx'

/** Makes a link for people without an account; its options show when they are wanted. */
export function NewLink({ path, kind, onMade }: SharePanelProps & { onMade: () => unknown }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const form = useForm(NO_TERMS, async ({ role, label, password, until }) => {
    const recipient = {
      type: 'link' as const,
      ...(label === '' ? {} : { label }),
      ...(password === '' ? {} : { password }),
    }
    await api.createShare({
      body: { path, role, recipient, ...(until === '' ? {} : { expiresAt: endOfDay(until) }) },
    })
  })
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!(await form.submit())) return
    form.reset(NO_TERMS)
    setOpen(false)
    await onMade()
  }
  if (!isOpen) {
    return (
      <div>
        <Button icon="link" onClick={() => setOpen(true)}>
          {t('sharing.newLink')}
        </Button>
      </div>
    )
  }
  return (
    <form class="share-form" onSubmit={submit}>
      {form.error !== undefined && <ErrorNote error={form.error} />}
      <TermsFields form={form} kind={kind} isLink isNew />
      <div class="actions">
        <Button type="submit" kind="primary" disabled={form.isBusy}>
          {t('sharing.makeLink')}
        </Button>
        <Button onClick={() => setOpen(false)}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}
