import type { JSX } from 'preact'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Makes a share of one's own of a public link at another server. */
export function AddLinkDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const form = useForm({ link: '', password: '' }, async ({ link, password }) => {
    await api.addLink({ body: { link: link.trim(), ...(password === '' ? {} : { password }) } })
    showDone(t('sharing.linkAdded'))
    onClose()
  })
  const { values, set } = form
  return (
    <FormDialog
      title={t('sharing.addLink')}
      action={t('sharing.addLinkAction')}
      form={form}
      onClose={onClose}
    >
      <p>{t('sharing.addLinkText')}</p>
      <Field
        label={t('sharing.link')}
        type="url"
        placeholder="https://cloud.example.org/s/…"
        value={values.link}
        onValue={(v) => set('link', v)}
        required
        autofocus
      />
      <Field
        label={t('sharing.linkPassword')}
        hint={t('common.optional')}
        type="password"
        autocomplete="off"
        value={values.password}
        onValue={(v) => set('password', v)}
      />
    </FormDialog>
  )
}
