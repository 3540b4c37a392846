import type { JSX } from 'preact'
import type { TransferLink } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'

/** The limits of one link; an empty field leaves the choice to the node. */
export function LinkDialog({ link, onClose }: { link: TransferLink; onClose: () => void }): JSX.Element {
  const initial = {
    minActive: String(link.minActive ?? ''),
    maxActive: String(link.maxActive ?? ''),
    bandwidth: link.bandwidth ?? '',
  }
  const form = useForm(initial, async ({ minActive, maxActive, bandwidth }) => {
    const body = {
      minActive: numberOf(minActive),
      maxActive: numberOf(maxActive),
      bandwidth: bandwidth || null,
    }
    await api.changeTransferLink({ params: { link: link.link }, body })
    onClose()
  })
  const { values, set } = form
  return (
    <FormDialog title={link.link.replace('>', ' → ')} action={t('common.save')} form={form} onClose={onClose}>
      <Field
        label={t('admin.minActive')}
        type="number"
        value={values.minActive}
        onValue={(v) => set('minActive', v)}
      />
      <Field
        label={t('admin.maxActive')}
        type="number"
        value={values.maxActive}
        onValue={(v) => set('maxActive', v)}
      />
      <Field
        label={t('admin.bandwidth')}
        hint={t('admin.bandwidthHint')}
        value={values.bandwidth}
        onValue={(v) => set('bandwidth', v)}
      />
    </FormDialog>
  )
}

function numberOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text)
}
