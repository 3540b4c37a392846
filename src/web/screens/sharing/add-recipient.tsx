import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Recipient } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'
import { RecipientField } from './recipient-field.tsx'
import type { SharePanelProps } from './share-panel.tsx'
import { endOfDay, NO_TERMS } from './terms.ts'
import { TermsFields } from './terms-fields.tsx'

/** One field for anybody: people here, groups, contacts, or an address elsewhere; then the terms. */
export function AddRecipient({
  path,
  kind,
  onShared,
}: SharePanelProps & { onShared: () => unknown }): JSX.Element {
  const [chosen, setChosen] = useState<Recipient | undefined>(undefined)
  const form = useForm(NO_TERMS, async ({ role, note, until, mayReshare }) => {
    if (chosen === undefined) return
    const { recipient } = chosen
    const terms = {
      ...(note === '' ? {} : { note }),
      ...(until === '' ? {} : { expiresAt: endOfDay(until) }),
    }
    await api.createShare({ body: { path, role, recipient, mayReshare, ...terms } })
    showDone(t('sharing.shared', { name: chosen.displayName || chosen.address }))
  })
  const forget = () => {
    setChosen(undefined)
    form.reset(NO_TERMS)
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!(await form.submit())) return
    forget()
    await onShared()
  }
  if (chosen === undefined) return <RecipientField onChosen={setChosen} />
  return (
    <form class="share-form" onSubmit={submit}>
      <p>
        {t('sharing.shareWith')} <strong>{chosen.displayName || chosen.address}</strong>{' '}
        <span class="soft">{chosen.address}</span>
      </p>
      {form.error !== undefined && <ErrorNote error={form.error} />}
      <TermsFields form={form} kind={kind} isLink={false} isNew />
      <div class="actions">
        <Button type="submit" kind="primary" disabled={form.isBusy}>
          {t('sharing.share')}
        </Button>
        <Button onClick={forget}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}
