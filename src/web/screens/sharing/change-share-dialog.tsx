import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Share } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'
import { dayOf, endOfDay, NO_TERMS } from './terms.ts'
import { TermsFields } from './terms-fields.tsx'

/** Another role, end or password of a share. */
export function ChangeShareDialog({ share, onClose }: { share: Share; onClose: () => void }): JSX.Element {
  const isLink = share.link !== undefined
  // As the dialog was opened: the share itself may change behind it.
  const [initial] = useState({
    ...NO_TERMS,
    role: share.role,
    mayReshare: share.mayReshare,
    until: share.expiresAt === undefined ? '' : dayOf(share.expiresAt),
  })
  const form = useForm(initial, async ({ role, mayReshare, until, password, dropPassword }) => {
    await api.changeShare({
      params: { id: share.id },
      // Only what was touched: elsewhere a right may have been taken away since the dialog was opened.
      body: {
        ...(role === initial.role ? {} : { role }),
        // An end that was not touched stays to the second: what the field shows is its day only.
        ...(until === initial.until ? {} : { expiresAt: until === '' ? null : endOfDay(until) }),
        ...(isLink || mayReshare === initial.mayReshare ? {} : { mayReshare }),
        ...(dropPassword ? { password: null } : password === '' ? {} : { password }),
      },
    })
    onClose()
  })
  return (
    <FormDialog
      title={t('sharing.changeTitle', { name: share.name })}
      action={t('common.save')}
      form={form}
      onClose={onClose}
    >
      <TermsFields {...{ form, kind: share.kind, isLink }} hasPassword={share.link?.hasPassword === true} />
    </FormDialog>
  )
}
