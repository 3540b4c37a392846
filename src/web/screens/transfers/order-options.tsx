import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { Check, Field, Select } from '../../ui/field.tsx'
import type { OrderValues } from './order.ts'

interface OrderOptionsProps {
  values: OrderValues
  set: <K extends keyof OrderValues>(name: K, value: OrderValues[K]) => void
}

/** How it is copied; hidden until wanted, for the defaults suit most. */
export function OrderOptions({ values, set }: OrderOptionsProps): JSX.Element {
  return (
    <details class="order-options">
      <summary>{t('transfers.options')}</summary>
      <div class="order-fields">
        <Field
          label={t('transfers.label')}
          hint={t('common.optional')}
          value={values.label}
          onValue={(v) => set('label', v)}
          maxLength={200}
        />
        {values.to !== 'contact' && (
          <>
            <Select
              label={t('transfers.overwrite')}
              value={values.overwrite}
              onValue={(v) => set('overwrite', v)}
              options={(['if-different', 'never', 'always'] as const).map((value) => ({
                value,
                label: t(`transfers.overwrite.${value}`),
              }))}
            />
            <Select
              label={t('transfers.repeat')}
              value={values.repeat}
              onValue={(v) => set('repeat', v)}
              options={(['once', 'hourly', 'daily', 'weekly'] as const).map((value) => ({
                value,
                label: t(`transfers.repeat.${value}`),
              }))}
            />
            <Check
              label={t('transfers.mirror')}
              checked={values.isMirror}
              onChecked={(v) => set('isMirror', v)}
            />
          </>
        )}
      </div>
    </details>
  )
}
