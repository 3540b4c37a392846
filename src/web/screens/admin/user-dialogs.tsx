import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { User } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { me } from '../../session.ts'
import { Copyable } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Check, Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'

const GIGABYTE = 1_000_000_000

/** A new account; its password is shown once. */
export function AddUserDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [password, setPassword] = useState<string | undefined>(undefined)
  const form = useForm({ name: '', displayName: '', email: '', isAdmin: false }, async (values) => {
    const { name, displayName, email, isAdmin } = values
    const body = {
      name,
      isAdmin,
      ...(displayName === '' ? {} : { displayName }),
      ...(email === '' ? {} : { email }),
    }
    setPassword((await api.addUser({ body })).password)
  })
  const { values, set } = form
  if (password !== undefined)
    return <PasswordShown name={values.name} password={password} onClose={onClose} />
  return (
    <FormDialog title={t('admin.addUser')} action={t('common.save')} form={form} onClose={onClose}>
      <Field
        label={t('login.name')}
        hint={t('admin.nameHint')}
        value={values.name}
        onValue={(v) => set('name', v)}
        required
        autofocus
      />
      <Field
        label={t('settings.displayName')}
        value={values.displayName}
        onValue={(v) => set('displayName', v)}
      />
      <Field label={t('settings.email')} type="email" value={values.email} onValue={(v) => set('email', v)} />
      <Check label={t('admin.mayAdminister')} checked={values.isAdmin} onChecked={(v) => set('isAdmin', v)} />
    </FormDialog>
  )
}

function PasswordShown(props: { name: string; password: string; onClose: () => void }): JSX.Element {
  const { name, password, onClose } = props
  return (
    <Dialog
      title={t('admin.userAdded', { name })}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          {t('common.close')}
        </Button>
      }
    >
      <p>{t('admin.passwordOnce')}</p>
      <Copyable text={password} label={t('login.password')} />
    </Dialog>
  )
}

/** Name, mail, room and rights of an account. */
export function EditUserDialog({ user, onClose }: { user: User; onClose: () => void }): JSX.Element {
  const initial = {
    displayName: user.displayName,
    email: user.email,
    quota: user.quotaBytes === undefined ? '' : String(user.quotaBytes / GIGABYTE),
    isAdmin: user.isAdmin,
    password: '',
  }
  const form = useForm(initial, async ({ quota, password, ...values }) => {
    const quotaBytes = quota === '' ? null : Math.round(Number(quota) * GIGABYTE)
    await api.changeUser({
      params: { name: user.name },
      body: { ...values, quotaBytes, ...(password === '' ? {} : { password }) },
    })
    onClose()
  })
  const { values, set } = form
  return (
    <FormDialog
      title={t('admin.editUserNamed', { name: user.name })}
      action={t('common.save')}
      form={form}
      onClose={onClose}
    >
      <Field
        label={t('settings.displayName')}
        value={values.displayName}
        onValue={(v) => set('displayName', v)}
      />
      <Field label={t('settings.email')} type="email" value={values.email} onValue={(v) => set('email', v)} />
      <Field
        label={t('admin.quotaGigabytes')}
        hint={t('admin.quotaHint')}
        type="number"
        value={values.quota}
        onValue={(v) => set('quota', v)}
      />
      <Field
        label={t('admin.setPassword')}
        hint={t('admin.setPasswordHint')}
        type="password"
        autocomplete="new-password"
        value={values.password}
        onValue={(v) => set('password', v)}
      />
      <Check
        label={t('admin.mayAdminister')}
        checked={values.isAdmin}
        disabled={user.name === me.value?.name}
        onChecked={(v) => set('isAdmin', v)}
      />
    </FormDialog>
  )
}
