import type { JSX } from 'preact'
import type { TransferLink } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
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
  const footer = (
    <>
      <Button onClick={onClose}>{t('common.cancel')}</Button>
      <Button type="submit" kind="primary" disabled={form.isBusy}>
        {t('common.save')}
      </Button>
    </>
  )
  return (
    <Dialog title={link.link.replace('>', ' → ')} onClose={onClose} onSubmit={form.submit} footer={footer}>
      {form.error !== undefined && <ErrorNote error={form.error} />}
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
    </Dialog>
  )
}

function numberOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text)
}
