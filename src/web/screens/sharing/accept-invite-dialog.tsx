import type { JSX } from 'preact'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
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
    <Dialog
      title={t('sharing.haveInvitation')}
      onClose={onClose}
      onSubmit={form.submit}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" kind="primary" disabled={form.isBusy}>
            {t('sharing.acceptInvitation')}
          </Button>
        </>
      }
    >
      {form.error !== undefined && <ErrorNote error={form.error} />}
      <p>{t('sharing.acceptText')}</p>
      <Field
        label={t('sharing.linkOrCode')}
        value={form.values.invite}
        onValue={(v) => form.set('invite', v)}
        autocomplete="off"
        required
        autofocus
      />
    </Dialog>
  )
}
