import type { JSX } from 'preact'
import type { ReceivedShare } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf, navigate } from '../../router.ts'
import { Check, Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Accepts a share by copying it into the own drive; the transfer shows on the screen of transfers. */
export function CopyOfferDialog({
  share,
  onClose,
}: {
  share: ReceivedShare
  onClose: () => void
}): JSX.Element {
  const form = useForm({ copyTo: `/${share.name}`, overwrite: false }, async ({ copyTo, overwrite }) => {
    const { copy } = await api.acceptReceivedShare({ params: { id: share.id }, body: { copyTo, overwrite } })
    onClose()
    showDone(t('sharing.copyOrdered', { name: share.name }))
    if (copy?.transferId !== undefined) navigate(hrefOf(['transfers', copy.transferId]))
  })
  const { values, set } = form
  return (
    <FormDialog
      title={t('sharing.copyTitle', { name: share.name })}
      action={t('sharing.copyAction')}
      form={form}
      onClose={onClose}
    >
      <p>{t('sharing.copyText')}</p>
      <Field
        label={t('sharing.copyTo')}
        value={values.copyTo}
        onValue={(v) => set('copyTo', v)}
        required
        autofocus
      />
      <Check
        label={t('sharing.copyOverwrite')}
        checked={values.overwrite}
        onChecked={(v) => set('overwrite', v)}
      />
    </FormDialog>
  )
}
