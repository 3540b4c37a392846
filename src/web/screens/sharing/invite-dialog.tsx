import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Invitation } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Copyable } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Makes an invitation and shows link and code to be sent. */
export function InviteDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [made, setMade] = useState<Invitation | undefined>(undefined)
  const form = useForm({ description: '', email: '' }, async ({ description, email }) => {
    setMade(await api.createInvitation({ body: { description, email } }))
  })
  const { values, set } = form
  if (made !== undefined) return <Made invitation={made} onClose={onClose} />
  return (
    <FormDialog
      title={t('sharing.invite')}
      action={t('sharing.makeInvitation')}
      form={form}
      onClose={onClose}
    >
      <p>{t('sharing.inviteText')}</p>
      <Field
        label={t('sharing.inviteFor')}
        hint={t('sharing.inviteForHint')}
        value={values.description}
        onValue={(v) => set('description', v)}
        maxLength={200}
        autofocus
      />
      <Field
        label={t('settings.email')}
        hint={t('sharing.inviteEmailHint')}
        type="email"
        value={values.email}
        onValue={(v) => set('email', v)}
      />
    </FormDialog>
  )
}

function Made({ invitation, onClose }: { invitation: Invitation; onClose: () => void }): JSX.Element {
  const { link, inviteString, mail, email, expiresAt, isMailed } = invitation
  const mailTo = `mailto:${encodeURIComponent(email)}?subject=${encodeURIComponent(mail.subject)}&body=${encodeURIComponent(mail.text)}`
  return (
    <Dialog
      title={t('sharing.invitationMade')}
      size="medium"
      onClose={onClose}
      footer={
        <>
          {isMailed !== true && (
            <a class="button plain" href={mailTo}>
              {t('sharing.writeMail')}
            </a>
          )}
          <Button kind="primary" onClick={onClose}>
            {t('common.close')}
          </Button>
        </>
      }
    >
      <p>{isMailed === true ? t('sharing.invitationMailed', { email }) : t('sharing.invitationSend')}</p>
      <div>
        <h3>{t('sharing.inviteLink')}</h3>
        <Copyable text={link} label={t('sharing.inviteLink')} />
      </div>
      <div>
        <h3>{t('sharing.inviteCode')}</h3>
        <Copyable text={inviteString} label={t('sharing.inviteCode')} />
      </div>
      <p class="soft">
        {t('sharing.ends')} <Ago at={expiresAt} />
      </p>
    </Dialog>
  )
}
