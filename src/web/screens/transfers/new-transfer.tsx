import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { listAll } from '../../../client/client.ts'
import type { TransferPlan, TransferSource } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf, navigate } from '../../router.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { showDone, showError } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'
import { useLoad } from '../../ui/use-load.ts'
import { DestinationFields } from './destination-fields.tsx'
import { EMPTY_ORDER, type OrderValues, pushBody, scheduleBody, sourceOf, transferBody } from './order.ts'
import { OrderOptions } from './order-options.tsx'
import { PlanView } from './plan-view.tsx'
import { sourceText } from './words.ts'

interface NewTransferDialogProps {
  /** What to copy; without it the dialog asks. */
  source?: TransferSource
  onClose: () => void
}

const WHOLE_PAGES = { query: { limit: 1000 } }

/** Orders a copy: to the own drive, to a connection, to a place that was defined, or to any address. */
export function NewTransferDialog({ source, onClose }: NewTransferDialogProps): JSX.Element {
  const endpoints = useLoad(() => listAll(api.pages('listEndpoints', WHOLE_PAGES)), [])
  const contacts = useLoad(() => listAll(api.pages('listContacts', WHOLE_PAGES)), [])
  const [plan, setPlan] = useState<TransferPlan | undefined>(undefined)
  const form = useForm<OrderValues>(EMPTY_ORDER, async (values) => {
    await order(sourceOf(source, values), values)
    onClose()
  })
  const { values, set } = form
  const preview = async () => {
    try {
      const body = { ...transferBody(sourceOf(source, values), values), dryRun: true }
      const answer = await api.submitTransfer({ body })
      if ('counts' in answer) setPlan(answer)
    } catch (error) {
      showError(error)
    }
  }
  const canPreview = values.to !== 'contact' && values.repeat === 'once'
  return (
    <FormDialog
      title={t('transfers.newTitle')}
      size="medium"
      action={t(values.to === 'contact' ? 'transfers.offer' : 'transfers.start')}
      more={canPreview && <Button onClick={preview}>{t('transfers.preview')}</Button>}
      form={form}
      onClose={onClose}
    >
      {source === undefined ? (
        <Field
          label={t('transfers.from')}
          hint={t('transfers.fromHint')}
          value={values.from}
          onValue={(v) => set('from', v)}
          required
          autofocus
        />
      ) : (
        <p>
          {t('transfers.from')}: <strong>{sourceText(source)}</strong>
        </p>
      )}
      <DestinationFields
        {...{ values, set }}
        endpoints={endpoints.data ?? []}
        contacts={contacts.data ?? []}
      />
      <OrderOptions {...{ values, set }} />
      {plan !== undefined && <PlanView plan={plan} />}
    </FormDialog>
  )
}

/** Sends the order in the form that its kind needs, and shows what came of it. */
async function order(source: TransferSource, values: OrderValues): Promise<void> {
  if (values.to === 'contact') {
    await api.pushTransfer({ body: pushBody(source, values) })
    showDone(t('transfers.offered'))
    return navigate(hrefOf(['shared-by-me']))
  }
  if (values.repeat !== 'once') {
    await api.createTransferSchedule({ body: scheduleBody(source, values) })
    showDone(t('transfers.scheduled'))
    return navigate(hrefOf(['transfers', 'schedules']))
  }
  const answer = await api.submitTransfer({ body: transferBody(source, values) })
  if (!('id' in answer)) return
  showDone(t('transfers.ordered'))
  navigate(hrefOf(['transfers', answer.id]))
}
