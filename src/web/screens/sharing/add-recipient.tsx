import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Recipient } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Check, Field, Select } from '../../ui/field.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'
import { endOfDay } from './change-share-dialog.tsx'
import { RecipientField } from './recipient-field.tsx'
import { rolesFor } from './roles.ts'
import type { SharePanelProps } from './share-panel.tsx'
import type { Role } from './states.ts'

interface Values {
  role: Role
  note: string
  until: string
  mayReshare: boolean
}

const EMPTY: Values = { role: 'viewer', note: '', until: '', mayReshare: false }

/** One field for anybody: people here, groups, contacts, or an address elsewhere; then the terms. */
export function AddRecipient({
  path,
  kind,
  onShared,
}: SharePanelProps & { onShared: () => unknown }): JSX.Element {
  const [chosen, setChosen] = useState<Recipient | undefined>(undefined)
  const form = useForm(EMPTY, async ({ role, note, until, mayReshare }) => {
    if (chosen === undefined) return
    const { recipient } = chosen
    const terms = {
      ...(note === '' ? {} : { note }),
      ...(until === '' ? {} : { expiresAt: endOfDay(until) }),
    }
    await api.createShare({ body: { path, role, recipient, mayReshare, ...terms } })
    showDone(t('sharing.shared', { name: chosen.displayName || chosen.address }))
  })
  const { values, set } = form
  const forget = () => {
    setChosen(undefined)
    form.reset(EMPTY)
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
      <Select
        label={t('sharing.roleLabel')}
        value={values.role}
        onValue={(v) => set('role', v)}
        options={rolesFor(kind, false)}
      />
      <Field
        label={t('sharing.note')}
        hint={t('common.optional')}
        value={values.note}
        onValue={(v) => set('note', v)}
        maxLength={1000}
      />
      <Field
        label={t('sharing.until')}
        hint={t('sharing.untilHint')}
        type="date"
        value={values.until}
        onValue={(v) => set('until', v)}
      />
      <Check
        label={t('sharing.allowReshare')}
        checked={values.mayReshare}
        onChecked={(v) => set('mayReshare', v)}
      />
      <div class="actions">
        <Button type="submit" kind="primary" disabled={form.isBusy}>
          {t('sharing.share')}
        </Button>
        <Button onClick={forget}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}
