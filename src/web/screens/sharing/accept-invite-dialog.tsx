import type { JSX } from 'preact'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Accepts an invitation that was sent: its link or its code. */
export function AcceptInviteDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const form = useForm({ invite: '' }, async ({ invite }) => {
    const { displayName, address } = await api.acceptInvitation({ body: { invite: invite.trim() } })
    showDone(t('sharing.connected', { name: displayName || address }))
    onClose()
  })
  return (
    <FormDialog
      title={t('sharing.haveInvitation')}
      action={t('sharing.acceptInvitation')}
      form={form}
      onClose={onClose}
    >
      <p>{t('sharing.acceptText')}</p>
      <Field
        label={t('sharing.linkOrCode')}
        value={form.values.invite}
        onValue={(v) => form.set('invite', v)}
        autocomplete="off"
        required
        autofocus
      />
    </FormDialog>
  )
}
