import type { JSX } from 'preact'
import type { Contact } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Check, Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Consents beforehand to copies of what a contact offers. */
export function AutoCopyDialog({ contact, onClose }: { contact: Contact; onClose: () => void }): JSX.Element {
  const { id, displayName, address, autoCopyTo } = contact
  const initial = { isOn: autoCopyTo !== undefined, folder: autoCopyTo ?? '/Incoming' }
  const form = useForm(initial, async ({ isOn, folder }) => {
    await api.changeContact({ params: { id }, body: { autoCopyTo: isOn ? folder : null } })
    onClose()
  })
  const { values, set } = form
  return (
    <FormDialog title={t('sharing.autoCopy')} action={t('common.save')} form={form} onClose={onClose}>
      <p>{t('sharing.autoCopyText', { name: displayName || address })}</p>
      <Check label={t('sharing.autoCopyOn')} checked={values.isOn} onChecked={(v) => set('isOn', v)} />
      <Field
        label={t('sharing.autoCopyFolder')}
        value={values.folder}
        onValue={(v) => set('folder', v)}
        disabled={!values.isOn}
        required
      />
    </FormDialog>
  )
}
