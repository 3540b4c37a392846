import type { JSX } from 'preact'
import type { Share } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Check, Field, Select } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'
import { rolesFor } from './roles.ts'

/** Another role, end or password of a share. */
export function ChangeShareDialog({ share, onClose }: { share: Share; onClose: () => void }): JSX.Element {
  const isLink = share.link !== undefined
  const initial = {
    role: share.role,
    mayReshare: share.mayReshare,
    until: share.expiresAt?.slice(0, 10) ?? '',
    password: '',
    dropPassword: false,
  }
  const form = useForm(initial, async ({ role, mayReshare, until, password, dropPassword }) => {
    await api.changeShare({
      params: { id: share.id },
      body: {
        role,
        expiresAt: until === '' ? null : endOfDay(until),
        ...(isLink ? {} : { mayReshare }),
        ...(dropPassword ? { password: null } : password === '' ? {} : { password }),
      },
    })
    onClose()
  })
  const { values, set } = form
  return (
    <FormDialog
      title={t('sharing.changeTitle', { name: share.name })}
      action={t('common.save')}
      form={form}
      onClose={onClose}
    >
      <Select
        label={t('sharing.roleLabel')}
        value={values.role}
        onValue={(v) => set('role', v)}
        options={rolesFor(share.kind, isLink)}
      />
      <Field
        label={t('sharing.until')}
        hint={t('sharing.untilHint')}
        type="date"
        value={values.until}
        onValue={(v) => set('until', v)}
      />
      {!isLink && (
        <Check
          label={t('sharing.allowReshare')}
          checked={values.mayReshare}
          onChecked={(v) => set('mayReshare', v)}
        />
      )}
      {isLink && (
        <Field
          label={t('sharing.linkPassword')}
          hint={t(share.link?.hasPassword === true ? 'sharing.linkPasswordKept' : 'common.optional')}
          type="password"
          autocomplete="new-password"
          value={values.password}
          onValue={(v) => set('password', v)}
          disabled={values.dropPassword}
        />
      )}
      {share.link?.hasPassword === true && (
        <Check
          label={t('sharing.dropPassword')}
          checked={values.dropPassword}
          onChecked={(v) => set('dropPassword', v)}
        />
      )}
    </FormDialog>
  )
}

/** The share is good all through the day that was chosen. */
export function endOfDay(date: string): string {
  return new Date(`${date}T23:59:59`).toISOString()
}
