import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { useForm } from '../../ui/use-form.ts'
import { endOfDay } from './change-share-dialog.tsx'
import { rolesFor } from './roles.ts'
import type { SharePanelProps } from './share-panel.tsx'
import type { Role } from './states.ts'

interface Values {
  role: Role
  label: string
  password: string
  until: string
}

const EMPTY: Values = { role: 'viewer', label: '', password: '', until: '' }

/** Makes a link for people without an account; its options show when they are wanted. */
export function NewLink({ path, kind, onMade }: SharePanelProps & { onMade: () => unknown }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const form = useForm(EMPTY, async ({ role, label, password, until }) => {
    const recipient = {
      type: 'link' as const,
      ...(label === '' ? {} : { label }),
      ...(password === '' ? {} : { password }),
    }
    await api.createShare({
      body: { path, role, recipient, ...(until === '' ? {} : { expiresAt: endOfDay(until) }) },
    })
  })
  const { values, set } = form
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!(await form.submit())) return
    form.reset(EMPTY)
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
      <Select
        label={t('sharing.linkRole')}
        value={values.role}
        onValue={(v) => set('role', v)}
        options={rolesFor(kind, true)}
      />
      <Field
        label={t('sharing.linkLabel')}
        hint={t('sharing.linkLabelHint')}
        value={values.label}
        onValue={(v) => set('label', v)}
      />
      <Field
        label={t('sharing.linkPassword')}
        hint={t('common.optional')}
        type="password"
        autocomplete="new-password"
        value={values.password}
        onValue={(v) => set('password', v)}
      />
      <Field
        label={t('sharing.until')}
        hint={t('sharing.untilHint')}
        type="date"
        value={values.until}
        onValue={(v) => set('until', v)}
      />
      <div class="actions">
        <Button type="submit" kind="primary" disabled={form.isBusy}>
          {t('sharing.makeLink')}
        </Button>
        <Button onClick={() => setOpen(false)}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}
